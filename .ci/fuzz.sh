# The fuzz targets, each for a short while, from the committed pictures and what was found before.

check_fuzzing() {
  cd "$clone"
  local more=
  [ -z "${CNNCTL_DATA:-}" ] || more=$CNNCTL_DATA/pngsuite/png
  FUZZ_SEEDS=$more Tests/Fuzz/run.sh "$work/fuzz" 30
}
