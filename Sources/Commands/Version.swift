internal import Training

/// What `--version` says: this program's version and those of what it is built with.
func versionText() -> String {
  """
  cnnctl \(toolVersion)

  """
}
