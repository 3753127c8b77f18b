#!/usr/bin/env bash
# Runs the tests and the program under ThreadSanitizer or AddressSanitizer.
#
#   sanitize.sh thread|address FOLDER [PART...]
#
# FOLDER gets the build, the tests' words and what the sanitizer finds. A PART is a module of tests or
# `program`, which trains on several threads with each cache, is stopped and resumed, and answers;
# all of them if none is named. CNNCTL_DATA names the photos that some tests want.
# Ends with 0 only if every test passed and nothing was found.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }
kind=$1
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$here/../.." && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)
shift 2
[ $# -gt 0 ] || set -- program PrimitivesTests TestSupportTests KernelTests CNNTests ImageDataTests \
  ClassifierTests TrainingTests InterchangeTests ReportTests CommandsTests
release=$work/release
failed=0
tests=0
# A sanitizer keeps what is freed for a while, which LeakTests take for a leak.
skipped=(--skip LeakTests)

options=(-c release --sanitize "$kind" --scratch-path "$work")
case $kind in
thread)
  # What Swift's library does to keep threads apart is unseen; locks.c tells of it.
  toolchain=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)\/lib\/swift.*".*/\1/p')
  "$toolchain/bin/clang" -O2 -Wall -Wextra -Werror -c "$here/locks.c" -o "$work/locks.o"
  options+=(-Xlinker "$work/locks.o" -Xlinker -lswiftSynchronization)
  mutex=\$s15Synchronization12_MutexHandleV
  for call in "$mutex"{9_lockSlowyys6UInt32VF,12_tryLockSlowSbyF,11_unlockSlowyyF} swift_once; do
    options+=(-Xlinker "--wrap=$call")
  done
  # Too slow here for the minute that they have; what they compute on threads others do as well.
  skipped+=(--skip 'NearDuplicateTests/(degenerate|oneHash)')
  ;;
address) ;;
*) echo "error: no sanitizer '$kind'" >&2; exit 64 ;;
esac

# Findings go into files, so that none is lost in a process that a test starts. The leak sanitizer has
# false alarms in Swift.
rm -f "$work"/found*
export TSAN_OPTIONS=log_path=$work/found
export ASAN_OPTIONS=detect_leaks=0:log_path=$work/found
export SWIFT_BACKTRACE=enable=no

findings() {
  cat "$work"/found* 2>/dev/null | grep -c -E 'WARNING: ThreadSanitizer|ERROR: AddressSanitizer' ||
    true
}

# fail WHAT: says it, and goes on.
fail() {
  echo "error: $*" >&2
  failed=1
}

# run_tests NAME OPTION...: runs the tests that the options pick, and counts them.
run_tests() {
  local log=$work/$1.log start=$SECONDS name=$1 count
  shift
  (cd "$package" && swift test --skip-build "${options[@]}" "$@") >"$log" 2>&1 || {
    fail "$name"
    grep -E '✘|error:|↳' "$log" | head -n 50 || true
  }
  count=$(sed -n 's/.*Test run with \([0-9]*\) tests.* passed.*/\1/p' "$log")
  [ "${count:-0}" -gt 0 ] || fail "$name: no tests passed"
  tests=$((tests + ${count:-0}))
  echo "$name: ${count:-0} tests, $(findings) findings so far, $((SECONDS - start)) s"
}

# cnnctl WORD...: runs the program, and fails unless it ends with 0.
cnnctl() {
  "$release/cnnctl" "$@" >"$work/output.txt" 2>"$work/said.txt" ||
    fail "cnnctl $1 ended with $?: $(cat "$work/said.txt")"
}

check_program() {
  local pid code=0 digests photos=$package/dataset/test_set
  # A network with every kind of layer, pictures changed in every way.
  local train=(train "$package/dataset" --arch r18h --size 16 --start-size 16 --train-size 16 -b 16
    --epochs 2 --fraction 0.05 --rotation 20 --zoom 0.2 --cutout 0.3 --mixup 0.4 --no-plots -q)
  export HOME=$work/home XDG_CACHE_HOME=$work/home
  rm -rf "$work/runs" "$HOME"
  mkdir -p "$work/runs" "$HOME"
  cnnctl "${train[@]}" --threads 4 --cache ram --out "$work/runs/whole"
  cnnctl "${train[@]}" --threads 3 --cache disk --out "$work/runs/file"
  cnnctl "${train[@]}" --threads 4 --cache disk --out "$work/runs/file-found"
  cnnctl "${train[@]}" --threads 2 --cache off --out "$work/runs/none"
  # Stopped after the first epoch, and resumed on another count of threads.
  local events=$work/runs/stopped/events.ndjson
  "$release/cnnctl" "${train[@]}" --threads 4 --out "$work/runs/stopped" >"$work/output.txt" 2>&1 &
  pid=$!
  until grep -q '"event":"epoch"' "$events" 2>/dev/null || ! kill -0 "$pid"; do sleep 0.1; done
  kill -TERM "$pid"
  wait "$pid" || code=$?
  [ "$code" = 143 ] || fail "the run that was stopped ended with $code: $(cat "$work/output.txt")"
  cnnctl train "--resume=$work/runs/stopped" --threads 2 --no-plots -q
  digests=$(sha256sum "$work"/runs/*/weights/best.safetensors | cut -d ' ' -f 1 | sort -u | wc -l)
  [ "$digests" = 1 ] || fail "$digests digests of one run"
  cnnctl evaluate --model "$work/runs/whole" --threads 4
  cnnctl predict -r "$photos" --model "$work/runs/whole" --threads 4
  cnnctl predict -r "$photos" --model cats-dogs --threads 4
  cnnctl verify "$work/runs/whole" --threads 3
  cnnctl check "$package/dataset"
  echo "program: one digest of five runs, $(findings) findings so far"
}

if [ "$*" = program ]; then
  build=(--product cnnctl)
else
  build=(--build-tests)
fi
(cd "$package" && swift build "${options[@]}" "${build[@]}") >"$work/build.log" 2>&1 ||
  { tail -n 40 "$work/build.log"; exit 1; }
for part in "$@"; do
  if [ "$part" = program ]; then
    check_program
  else
    run_tests "$part" --filter "^$part\\." "${skipped[@]}"
  fi
done

total=$(findings)
echo "$kind sanitizer: $tests tests, $total findings"
[ "$total" = 0 ] || { head -n 60 "$work"/found*; failed=1; }
exit "$failed"
