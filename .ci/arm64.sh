# The kernels on arm64: compiled in Embedded Swift, which needs nothing of a system, linked with
# Debian's C library for that processor, and run by an emulator through the tests of the kernels.

# swift_module NAME OPTION... FILE...: compiles a module for arm64 into the current folder.
swift_module() {
  local name=$1
  shift
  swiftc -target aarch64-none-none-elf -enable-experimental-feature Embedded -wmo -parse-as-library \
    -swift-version 6 -enable-upcoming-feature ExistentialAny \
    -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -package-name cnnctl -I . \
    -I "$clone/Tests/Arm64/Glibc" -module-cache-path modules -module-name "$name" \
    -emit-module -emit-object -o "$name.o" "$@"
}

# Everything that the tests need, by the sources of this package and what stands in for the system.
# The options of Kernels are those of Package.swift.
compile_arm64_tests() {
  local sources=$clone/Sources tests=$clone/Tests name
  local support=() files=()
  for name in GuardedBuffer Mismatch RandomValues ReferenceActivation ReferenceConvolution \
    ReferenceOptimizer ReferencePooling ReferenceTensor WinogradBound; do
    support+=("$tests/TestSupport/$name.swift")
  done
  # Tests of threads call the system.
  mapfile -t files < <(grep -L '^import Glibc$' "$tests"/KernelTests/*.swift)
  swift_module KernelTypes -O "$sources"/KernelTypes/*.swift
  swift_module Kernels -Ounchecked -Xfrontend -disable-cmo "$sources"/Kernels/*.swift &
  swift_module Primitives -O "$sources/Primitives/Statistics/RandomStream.swift"
  swift_module Testing -O "$tests"/Arm64/Testing/*.swift
  wait $!
  swift_module Compute -O "$tests"/Arm64/Compute/*.swift
  swift_module TestSupport -O "${support[@]}" "$tests"/Arm64/TestSupport/*.swift
  mkdir suites
  python3 "$tests/Arm64/suites.py" suites "${files[@]}"
  swift_module Suites -O suites/*.swift
  # The C modules that need no library of others; the program's start of these tests.
  local c
  for c in "$sources"/{CSystem,CMPI}/*.c "$tests/Arm64/runtime.c"; do
    clang --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -O2 -Wall -Werror \
      -I "$(dirname "$c")/include" -c "$c" -o "$(basename "$c" .c)-c.o"
  done
  # Comparing texts needs the tables of Unicode.
  local tables=$toolchain/lib/swift/embedded/aarch64-none-none-elf
  ld.lld -o tests -dynamic-linker /lib/ld-linux-aarch64.so.1 /usr/aarch64-linux-gnu/lib/crt1.o \
    /usr/aarch64-linux-gnu/lib/crti.o ./*.o \
    "$tables/libswiftUnicodeDataTables.a" -L /usr/aarch64-linux-gnu/lib -lm -lc \
    /usr/aarch64-linux-gnu/lib/crtn.o
}

# run_arm64 REPORT SUITE...: runs suites in the emulator.
run_arm64() {
  local report=$1
  shift
  qemu-aarch64 -L /usr/aarch64-linux-gnu ./tests "$@" >"$report"
}

# uncalled REPORT...: the kernels of the table that no run of the reports has called.
uncalled() {
  awk '/^kernel / { calls[$2] += $3 } END { for (name in calls) if (!calls[name]) print name }' "$@"
}

check_arm64() {
  if ! command -v qemu-aarch64 >/dev/null || [ ! -e /usr/aarch64-linux-gnu/lib/libc.so.6 ]; then
    apt-get install -y -q qemu-user libc6-dev-arm64-cross
  fi
  mkdir -p "$work/arm64"
  cd "$work/arm64"
  compile_arm64_tests
  # The check itself must be able to fail.
  local found suites
  run_arm64 peak.log PeakKernelTests
  found=$(uncalled peak.log)
  [[ $found == *correlateBand* ]] || fail "a kernel that nothing calls is not noticed"

  # Two runs at once; the largest suite is half of the work.
  suites=$(sed -n 's/^  ("\(.*\)", .*/\1/p' suites/Suites.swift)
  run_arm64 one.log ConvolutionKernelTests &
  # shellcheck disable=SC2046
  run_arm64 others.log $(grep -v '^ConvolutionKernelTests$' <<<"$suites") ||
    { cat others.log; fail "kernels differ on arm64"; }
  wait $! || { cat one.log; fail "kernels differ on arm64"; }
  grep -h '^suite ' one.log others.log
  [ "$(cat one.log others.log | grep -c '^suite ')" = "$(wc -w <<<"$suites")" ] ||
    fail "a suite did not run"
  found=$(uncalled one.log others.log)
  [ -z "$found" ] || fail "no test on arm64 calls these kernels: $found"
  echo "$(cat one.log others.log | awk '/^kernel / { print $2 }' | sort -u | wc -l) kernels called"
  # No loop of multiply-adds keeps a vector on the stack.
  llvm-objdump -d Kernels.o >Kernels.s
  python3 "$clone/Tests/Arm64/loops.py" Kernels.s
}
