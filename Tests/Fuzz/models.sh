#!/usr/bin/env bash
# Builds the fuzz targets of model files and runs them; needs the toolchain and the package's
# libraries.
#
#   models.sh FOLDER SECONDS [TARGET...]
#
# FOLDER gets the program, in found/TARGET the inputs that reached something new, and in failures/
# those that broke a property. Seeds are small models that the program makes, and the committed files
# of PyTorch. FUZZ_OPTIONS are further options of libFuzzer.
# Targets: header model weights; all if none is named. Ends with 0 if nothing was broken.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
. "$here/report.sh"
sources=$(cd "$here/../../Sources" && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
seconds=$2
shift 2
[ $# -gt 0 ] || set -- header model weights

# The toolchain's clang, not another one on the path.
toolchain=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)\/lib\/swift.*".*/\1/p')
clang=$toolchain/bin/clang

# object FILE NAME OPTION...: compiles C.
object() {
  local file=$1 name=$2
  shift 2
  "$clang" -g -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all \
    -Wall -Wextra -Werror -c "$file" -o "$work/$name.o" "$@"
}

# library NAME: compiles a module in C.
library() {
  local file
  for file in "$sources/$1"/*.c; do
    object "$file" "$1-$(basename "$file" .c)" -I "$sources/$1/include"
  done
  echo "module $1 { umbrella \"$sources/$1/include\" export * }" >>"$work/module.modulemap"
}

# module NAME FILE...: compiles a module in Swift. Checks stay on, also in kernels.
module() {
  local name=$1
  shift
  swiftc -g -O -wmo -swift-version 6 -package-name cnnctl -parse-as-library \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -sanitize=address,fuzzer \
    -module-name "$name" -I "$work" -emit-module -emit-module-path "$work/$name.swiftmodule" \
    -emit-object -o "$work/$name.o" "$@"
}

# modules NAME...: each a folder of the package's sources.
modules() {
  local name files
  for name in "$@"; do
    mapfile -t files < <(find -H "$sources/$name" -name '*.swift' | sort)
    module "$name" "${files[@]}"
  done
}

build() {
  # The compiler leaves files where it is started.
  cd "$work"
  echo "module FuzzEntry { header \"$here/Models/entry.h\" export * }" >module.modulemap
  local name
  for name in CSystem CMPI CImageCodecs CBoxedModels; do library "$name"; done
  object "$here/Models/entry.c" entry
  modules Primitives KernelTypes Ranks
  modules Kernels
  for name in KernelsAVX2 KernelsAVX512; do module "$name" "$here/Models/WideKernels.swift"; done
  modules Compute
  # Neither knows the other.
  modules ImageData &
  local other=$!
  modules CNN
  wait "$other"
  modules Classifier
  # Of the files of other programs their reader alone.
  module Interchange "$sources"/Interchange/Weights/*.swift
  module ModelTargets "$here"/Models/{Targets,Mutator,Networks}.swift
  swiftc -sanitize=address,fuzzer -use-ld=lld -o models ./*.o -ljpeg -lpng -lz
}

# fuzz TARGET: runs one.
fuzz() {
  local target=$1 seeds=$work/seeds dictionary=$here/model.dict
  ln -sf models "$work/$target"
  mkdir -p "$work/found/$target" "$work/seeds" "$work/failures"
  # What is freed is soon used again: growth is a leak. The leak sanitizer has false alarms in Swift.
  export SWIFT_BACKTRACE=enable=no
  export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=16
  MODEL_SEEDS=$work/seeds "$work/$target"
  if [ "$target" = weights ]; then
    seeds=$here/../InterchangeTests/Fixtures/torch
    dictionary=$here/weights.dict
  fi
  "$work/$target" "$work/found/$target" "$seeds" -dict="$dictionary" \
    -max_total_time="$seconds" -max_len=16384 -len_control=0 -timeout=5 -rss_limit_mb=512 \
    -artifact_prefix="$work/failures/$target-" -print_final_stats=1 ${FUZZ_OPTIONS:-} \
    >"$work/$target.log" 2>&1 ||
    { tail -n 60 "$work/$target.log"; return 1; }
  tell "$target"
}

build
fuzz_all "$@"
