# The fuzz targets, each for a short while: of pictures, from the committed ones, and of models.

check_fuzzing() {
  cd "$clone"
  local more=
  [ -z "${CNNCTL_DATA:-}" ] || more=$CNNCTL_DATA/pngsuite/png
  FUZZ_SEEDS=$more Tests/Fuzz/run.sh "$work/fuzz" 30
  Tests/Fuzz/models.sh "$work/fuzz-models" 20
}
