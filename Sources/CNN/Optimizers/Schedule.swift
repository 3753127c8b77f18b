import Glibc

/// A learning rate schedule, as a factor of the base rate.
public enum Schedule: Sendable, Hashable {
  /// Always 1.
  case constant
  /// Half a cosine from 1 to 0 (Loshchilov and Hutter 2017).
  case cosine
  /// A linear rise to 1 over the first part of the steps, then half a cosine to 0 (Smith and Topin
  /// 2018).
  case oneCycle(warmup: Double = 0.2)
  /// Multiplied by `factor` at each of these fractions of the steps.
  case step(at: [Double] = [0.5, 0.75], factor: Double = 0.1)
  /// Multiplied by `factor` whenever the monitored metric has not improved for `patience` epochs;
  /// the trainer counts them.
  case plateau(factor: Double = 0.1, patience: Int = 5)

  /// The factor for step `step` of `total`, both counted from 0.
  ///
  /// - reductions: the number of plateaus so far.
  public func factor(step: Int, total: Int, reductions: Int = 0) -> Double {
    precondition(total > 0 && step >= 0, "a step of a run")
    let progress = min(1, Double(step) / Double(total))
    switch self {
    case .constant:
      return 1
    case .cosine:
      return 0.5 * (1 + cos(.pi * progress))
    case .oneCycle(let warmup):
      // Half a step ahead during the rise, so that the first rate is not 0.
      let rising = (Double(step) + 0.5) / Double(total)
      if rising < warmup { return rising / warmup }
      return 0.5 * (1 + cos(.pi * (progress - warmup) / (1 - warmup)))
    case .step(let places, let factor):
      return pow(factor, Double(places.filter { progress >= $0 }.count))
    case .plateau(let factor, _):
      return pow(factor, Double(reductions))
    }
  }
}
