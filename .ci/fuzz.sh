# The fuzz targets, each for a short while: of pictures, from the committed ones, and of models.

check_fuzzing() {
  cd "$clone"
  local more= images code=0
  [ -z "${CNNCTL_DATA:-}" ] || more=$CNNCTL_DATA/pngsuite/png
  # Compilers and targets have one thread each: two processors do both.
  FUZZ_SEEDS=$more Tests/Fuzz/run.sh "$work/fuzz" 30 &
  images=$!
  Tests/Fuzz/models.sh "$work/fuzz-models" 20 || code=$?
  wait "$images" || code=$?
  return "$code"
}
