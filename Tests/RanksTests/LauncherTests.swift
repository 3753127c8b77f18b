import Ranks
import Testing

/// Which processes were started together, as launchers tell it.
@Suite("Launcher")
struct LauncherTests {
  @Test func `Open MPI's mpirun is known`() throws {
    let launcher = try #require(
      Launcher(["OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_RANK": "3", "PMIX_RANK": "3"]))
    #expect(launcher.kind == .openMPI)
    #expect(launcher.rank == 3)
    #expect(launcher.size == 8)
  }

  @Test func `MPICH's mpiexec is known`() throws {
    let launcher = try #require(Launcher(["PMI_RANK": "1", "PMI_SIZE": "5"]))
    #expect(launcher.kind == .mpich)
    #expect(launcher.rank == 1)
    #expect(launcher.size == 5)
  }

  @Test func `srun is known where it gives a way to meet`() throws {
    let tasks = ["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4"]
    #expect(Launcher(tasks) == nil)
    let launcher = try #require(Launcher(tasks.merging(["PMIX_RANK": "1"]) { $1 }))
    #expect(launcher.kind == .slurm)
    #expect(launcher.size == 4)
    let older = try #require(Launcher(tasks.merging(["PMI_RANK": "1", "PMI_SIZE": "4"]) { $1 }))
    #expect(older.kind == .slurmPMI)
  }

  @Test(arguments: [
    (["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4"], 4),
    (["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"], nil),
    (["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4", "PMIX_RANK": "1"], nil),
    (["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4", "PMI_RANK": "1"], nil), ([:], nil),
  ])
  func `tasks of srun that cannot find one another are counted`(
    variables: [String: String], tasks: Int?
  ) {
    #expect(Launcher.strangers(variables) == tasks)
  }

  @Test(arguments: [
    [:], ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"],
    ["OMPI_COMM_WORLD_SIZE": "2"], ["OMPI_COMM_WORLD_SIZE": "two", "OMPI_COMM_WORLD_RANK": "0"],
    ["OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "2"],
    ["SLURM_NTASKS": "4", "SLURM_PROCID": "0"],
  ])
  func `a process alone, and numbers that make no sense, are no launcher`(
    variables: [String: String]
  ) {
    #expect(Launcher(variables) == nil)
  }
}
