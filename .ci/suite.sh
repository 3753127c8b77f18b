# The test suite: once as the README says, then at each lower level of the instruction set what
# depends on it.

# The libraries that the program opens for WebP, HEIC and AVIF, which it is built without.
need_codecs() {
  local name
  for name in libwebp.so.7 libheif.so.1; do
    ldconfig -p | grep -q "$name" || apt-get install -y -q libwebp7 libheif1
  done
  ldconfig -p | grep -E 'libwebp\.so\.7|libheif\.so\.1'
}

# run_suite COMMAND: runs the tests; with the photos at hand no test may be skipped.
run_suite() {
  cd "$clone"
  local log=$work/tests.log code=0
  bash -euo pipefail -c "$1" >"$log" 2>&1 || code=$?
  if [ "$code" != 0 ]; then
    grep -E '✘|error:|↳' "$log" | head -n 200 || true
    tail -n 40 "$log"
    fail "the tests failed with code $code"
  fi
  grep -E 'Test run with [1-9][0-9]* tests.* passed' "$log" || fail "no test ran"
  if grep -i 'skipped.*not installed' "$log"; then
    fail "tests were skipped for want of a library"
  fi
  if [ -n "${CNNCTL_DATA:-}" ] && grep -i 'skipped' "$log"; then
    fail "tests were skipped although the photos are there"
  fi
}

suite_as_written() {
  local line
  line=$(readme_command quick-start 2)
  run_suite "$line"
}

suite_at_other_levels() {
  local line levels level
  line=$(readme_command quick-start 2)
  levels=$("$clone/.build/release/cnnctl" --version | sed -n 's/^instruction sets: //p' | tr -d ,)
  [ -n "$levels" ] || fail "cnnctl --version names no instruction set"
  # Arguments, texts and files are the same at every level; "other processors" starts the program
  # at each.
  line+=" --skip '^(CommandsTests|PrimitivesTests|ReportTests|SortingTests)[.]'"
  # The suite has just run at the highest.
  for level in $(echo "$levels" | tr ' ' '\n' | head -n -1); do
    echo "+ CNNCTL_ISA=$level"
    CNNCTL_ISA=$level run_suite "$line"
  done
}
