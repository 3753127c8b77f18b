# No object of a wide kernel module may define weak code under a name that another module's object
# may bear too: the linker keeps one of several weak copies, and where it keeps the AVX one the
# program dies on a processor without AVX. A name that holds the module's own is no other's.

# weak_code MODULE FILE...: lists the weak functions of object files whose names others may bear.
weak_code() {
  local own=${#1}$1
  shift
  nm --defined-only --print-file-name "$@" | awk '$(NF - 1) ~ /^[Ww]$/' | grep -v -F "$own" || true
}

# check_symbols FOLDER: the wide kernels' objects in a build folder define none that clashes.
check_symbols() {
  command -v nm >/dev/null || fail "nm is missing"
  # The check itself must be able to fail: sorting an array leaves weak specialisations behind.
  local probe=$work/probe
  mkdir -p "$probe"
  echo 'public func order(_ a: [Float]) -> [Float] { a.sorted() }' >"$probe/probe.swift"
  swiftc -O -parse-as-library -emit-object "$probe/probe.swift" -o "$probe/probe.o"
  [ -n "$(weak_code probe "$probe/probe.o")" ] || fail "the check does not see a weak function"

  local level objects found
  for level in KernelsAVX2 KernelsAVX512; do
    objects=$(find -L "$1/$level.build" -name '*.o')
    [ -n "$objects" ] || fail "no object files of $level in $1"
    # shellcheck disable=SC2086
    found=$(weak_code "$level" $objects)
    [ -z "$found" ] || fail "$level defines weak code:"$'\n'"$found"
    # shellcheck disable=SC2086
    echo "$level: no weak code of others in $(echo $objects | wc -w) object files"
  done
}

# check_kernel_imports FOLDER: kernels and what they look like import nothing of the system, so that
# they compile for another processor by themselves.
check_kernel_imports() {
  local found
  found=$(grep -rnE '^[^/]*\bimport ' "$1/KernelTypes" "$1/Kernels" | grep -vE 'import KernelTypes$' || true)
  [ -z "$found" ] || fail "kernels import more than KernelTypes:"$'\n'"$found"
  grep -rqE '^[^/]*\bimport KernelTypes$' "$1/Kernels" || fail "the check sees no import"
  echo "KernelTypes imports nothing, Kernels nothing but KernelTypes"
}
