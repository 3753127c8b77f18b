# What the fuzzers' scripts share: running their targets, and telling what came of each.

# tell TARGET: what libFuzzer said at the end of $work/TARGET.log, in one line.
tell() {
  printf '%s: ' "$1"
  sed -n 's/^stat::number_of_executed_units: *\(.*\)/\1 inputs/p' "$work/$1.log" | tr -d '\n'
  sed -n 's/^stat::peak_rss_mb: *\(.*\)/, at most \1 MB/p' "$work/$1.log" | tr -d '\n'
  grep -o 'cov: [0-9]*' "$work/$1.log" | sed -n '$s/cov: \(.*\)/, \1 places reached/p'
}

# fuzz_all TARGET...: runs `fuzz` on each to the last, and fails if one did.
fuzz_all() {
  local failed=0 target
  for target in "$@"; do
    fuzz "$target" || { echo "error: $target" >&2; failed=1; }
  done
  return $failed
}
