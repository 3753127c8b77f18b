/// The program that started several processes together, as found from the environment.
package struct Launcher: Sendable, Hashable {
  /// Whose conventions the environment follows.
  package enum Kind: Sendable, Hashable {
    /// `mpirun` or `prterun` of Open MPI.
    case openMPI
    /// `mpiexec` of MPICH and its relatives.
    case mpich
    /// `srun` with PMIx, by which Open MPI's processes find one another.
    case slurm
    /// `srun` with the older PMI, by which MPICH's do.
    case slurmPMI
  }

  /// Whose conventions the environment follows.
  package let kind: Kind
  package let rank: Int
  /// The number of processes, at least two.
  package let size: Int

  /// The environment variables that are looked at.
  package static let variables = [
    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "PMIX_RANK",
    "SLURM_PROCID", "SLURM_STEP_NUM_TASKS",
  ]

  /// The launcher of this process; nil for a process that was started alone.
  package init?(_ variables: [String: String]) {
    func pair(_ rank: String, _ size: String) -> (Int, Int)? {
      guard let rank = variables[rank].flatMap({ Int($0) }),
        let size = variables[size].flatMap({ Int($0) }), size > 1, rank >= 0, rank < size
      else { return nil }
      return (rank, size)
    }
    if let (rank, size) = pair("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE") {
      self = Launcher(kind: .openMPI, rank: rank, size: size)
    } else if variables["SLURM_PROCID"] == nil, let (rank, size) = pair("PMI_RANK", "PMI_SIZE") {
      self = Launcher(kind: .mpich, rank: rank, size: size)
    } else if Launcher.letsTasksMeet(variables),
      let (rank, size) = pair("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")
    {
      let kind: Kind = variables["PMIX_RANK"] == nil ? .slurmPMI : .slurm
      self = Launcher(kind: kind, rank: rank, size: size)
    } else {
      return nil
    }
  }

  /// The number of tasks started by `srun` that cannot connect to each other; nil otherwise.
  package static func strangers(_ variables: [String: String]) -> Int? {
    guard !letsTasksMeet(variables), let tasks = variables["SLURM_STEP_NUM_TASKS"] else {
      return nil
    }
    return Int(tasks).flatMap { $0 > 1 ? $0 : nil }
  }

  private static func letsTasksMeet(_ variables: [String: String]) -> Bool {
    variables["PMIX_RANK"] != nil || variables["PMI_RANK"] != nil
  }

  private init(kind: Kind, rank: Int, size: Int) {
    (self.kind, self.rank, self.size) = (kind, rank, size)
  }

  /// The names under which the library that fits is looked for, the likeliest first.
  var libraries: [String] {
    let openMPI = ["libmpi.so.40"]
    let mpich = ["libmpich.so.12", "libmpi.so.12"]
    return switch kind {
    case .openMPI: openMPI + ["libmpi.so"]
    case .mpich: mpich + ["libmpi.so"]
    case .slurm: openMPI + mpich + ["libmpi.so"]
    case .slurmPMI: mpich + openMPI + ["libmpi.so"]
    }
  }

  /// Advice on how processes of the MPI library found would connect.
  package var adviceToMeet: String {
    switch kind {
    case .openMPI, .mpich: "mpirun of the same MPI, or its library"
    case .slurm, .slurmPMI: "srun --mpi=pmix with Open MPI, srun --mpi=pmi2 with MPICH"
    }
  }

  /// The package to install where the library is missing.
  var advice: String {
    switch kind {
    case .openMPI, .slurm: "apt-get install openmpi-bin, which holds Open MPI 4"
    case .mpich, .slurmPMI: "apt-get install mpich"
    }
  }
}
