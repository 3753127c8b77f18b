import Glibc

/// One animal, posed and coloured, and where it is seen from.
struct Pose {
  let sculpture: Sculpture
  let skin: Skin
  /// From the animal to the view.
  let view: Frame

  init(_ species: Species, shot: Shot, seed: UInt64, picture: Int) {
    var animal = RandomStream(seed: seed, picture: picture, facet: .animal)
    var random = RandomStream(seed: seed, picture: picture, facet: .pose)
    var fur = RandomStream(seed: seed, picture: picture, facet: .coat)
    let coat = Coat(&fur)
    let breed = Breed(species, &animal)
    let body = breed.physique.fluffed(coat.length)
    let stance = random.pick(weighted: [
      2: Stance.standing, 1.4: .walking, 3: .sitting, 1.8: .lying, 0.7: .resting,
      0.6: .stretching, shot == .whole ? 0.8 : 0: .curled,
    ])
    let yaw = Pose.bodyYaw(stance, shot, &random)
    let height = random.between(0.08, 0.5)
    view = Frame.turned(yaw: 0, pitch: height).containing(.turned(yaw: yaw))
    let asleep =
      (stance == .resting || stance == .curled) && random.chance(0.5)
    let mood = Mood(
      mouthOpen: random.chance(0.35) && !asleep, asleep: asleep,
      ears: random.between(-0.15, 0.25))
    let skeleton = Skeleton(body, stance, &random)
    // Animals look up at whoever looks down at them.
    let turn = Pose.headTurn(
      bodyYaw: yaw, stance, skeleton.headPitch - 0.7 * height, &random)
    let collar = random.chance(0.2)
    sculpture = Sculpture(
      breed, body, skeleton, headTurn: turn, mood: mood, collar: collar)
    skin = Skin(species, coat: coat, asleep: asleep, &animal)
  }

  /// Where the body points: 0 to the viewer, pi / 2 to the right of the picture.
  private static func bodyYaw(
    _ stance: Stance, _ shot: Shot, _ random: inout RandomStream
  ) -> Float {
    let side = random.sign()
    guard stance != .curled else { return side * random.between(0, 0.7) }
    let kinds: KeyValuePairs<Float, ClosedRange<Float>> =
      switch stance {
      case .standing, .walking, .stretching: [2: 0.2...0.7, 6: 0.8...1.7, 0.35: 2.3...3]
      default: [5: 0...0.6, 4: 0.6...1.5, shot == .whole ? 0.4 : 0: 2.4...3.1]
      }
    let range = random.pick(weighted: kinds)
    return side * random.uniform(in: range)
  }

  /// The head's turn against the body: mostly towards the viewer.
  private static func headTurn(
    bodyYaw: Float, _ stance: Stance, _ pitch: Float, _ random: inout RandomStream
  ) -> Frame {
    let wanted = random.pick(weighted: [
      8: random.between(-0.33, 0.33), 2: random.between(0.35, 0.75) * (bodyYaw > 0 ? 1 : -1),
      0.6: bodyYaw * random.between(0.7, 1),
    ])
    let reach: Float = stance == .curled ? 0.3 : 1.35
    let natural: Float = stance == .curled ? 0.35 : 0
    let turn = natural + min(max(wanted - bodyYaw - natural, -reach), reach)
    return .turned(
      yaw: turn, pitch: pitch + random.between(-0.12, 0.3), roll: random.normal() * 0.1)
  }
}
