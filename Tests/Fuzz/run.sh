#!/usr/bin/env bash
# Builds the fuzz targets and runs them; needs the toolchain and the package's libraries.
#
#   run.sh FOLDER SECONDS [TARGET...]
#
# Targets of formats beside JPEG and PNG get a third of the seconds.
#
# FOLDER gets the program, in found/TARGET the inputs that reached something new, and in
# failures/ those that broke a property. Seeds are the committed pictures, and the folders that
# FUZZ_SEEDS names, separated by colons. FUZZ_OPTIONS are further options of libFuzzer.
# FUZZ_LIBRARIES are the linker's words for the libraries instead of "-ljpeg -lpng -lz": archives built
# with -fsanitize=address,fuzzer-no-link lead the fuzzer through them, too.
# Targets: jpeg png facts codecs bmp gif webp heif; all of them if none is named. webp and heif need
# libwebp and libheif, as the program does. Ends with 0 if nothing was broken.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
. "$here/report.sh"
top=$(cd "$here/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
seconds=$2
shift 2
[ $# -gt 0 ] || set -- jpeg png facts codecs bmp gif webp heif

images=$top/Sources/ImageData/Decoding
codecs=$top/Sources/CImageCodecs
fixtures=$top/Tests/ImageDataTests/Fixtures

# The toolchain's clang, not another one on the path.
toolchain=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)\/lib\/swift.*".*/\1/p')
clang=$toolchain/bin/clang

build() {
  local file objects=()
  for file in "$codecs"/decode_*.c "$codecs"/{inflate,limits,opened_library}.c "$here/targets.c"; do
    objects+=("$work/$(basename "$file" .c).o")
    "$clang" -g -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all \
      -Wall -Wextra -Werror -I "$codecs/include" -c "$file" -o "${objects[-1]}"
  done
  echo "module CImageCodecs { header \"$codecs/include/CImageCodecs.h\" export * }" \
    >"$work/module.modulemap"
  # The compiler leaves files where it is started.
  cd "$work"
  # What decoding needs of Primitives.
  swiftc -g -O -swift-version 6 -sanitize=address,fuzzer -parse-as-library -package-name cnnctl \
    -wmo -module-name Primitives -emit-module -emit-module-path "$work/Primitives.swiftmodule" \
    -c -o "$work/Primitives.o" "$top"/Sources/Primitives/{RGBImage,Files/ByteOrder}.swift
  objects+=("$work/Primitives.o")
  # Checks stay on. swiftc has no undefined behaviour sanitizer here: Swift traps by itself.
  swiftc -g -O -swift-version 6 -sanitize=address,fuzzer -parse-as-library -package-name cnnctl \
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility \
    -module-name Fuzz -wmo -I "$work" -o "$work/fuzz" \
    "$here"/*.swift "${objects[@]}" \
    "$images"/{Decoding,Exif,FileStructure,ForeignKind,JPEGMarkers,JPEGStructure,PNGStructure}.swift \
    "$images"/{FileKind,ImageFailure,ImageFacts,ImageHeader,Upright}.swift \
    "$images"/{BMPFile,GIFFile,Palette,WebPStructure,CodecLibrary}.swift \
    ${FUZZ_LIBRARIES:--ljpeg -lpng -lz} -ldl -use-ld=lld
}

# seeds TARGET FOLDER: the pictures that a target starts from.
seeds() {
  local kinds=(-name '*.jpg' -o -name '*.png')
  [ "$1" != jpeg ] || kinds=(-name '*.jpg')
  case $1 in
    png | bmp | gif | webp) kinds=(-name "*.$1") ;;
    heif) kinds=(-name '*.heic' -o -name '*.avif') ;;
  esac
  mkdir -p "$2"
  local folders=("$fixtures") more=()
  IFS=: read -r -a more <<<"${FUZZ_SEEDS:-}"
  local folder
  for folder in "${folders[@]}" ${more[@]+"${more[@]}"}; do
    find "$folder" -type f -size -64k \( "${kinds[@]}" \) -exec cp -t "$2" {} +
  done
}

# fuzz TARGET: runs one.
fuzz() {
  local target=$1 dictionary=$work/both.dict leaks=0 time=$seconds timeout=5
  ln -sf fuzz "$work/$target"
  seeds "$target" "$work/seeds/$target"
  mkdir -p "$work/found/$target" "$work/failures"
  cat "$here/jpeg.dict" "$here/png.dict" >"$work/both.dict"
  case $target in
    jpeg | png) dictionary=$here/$target.dict ;;
    bmp | gif | webp | heif)
      dictionary=$here/formats.dict
      time=$((seconds < 3 ? 1 : seconds / 3))
      # Decoders with threads of their own, which a busy machine may not wake for long.
      [ "$target" != heif ] || timeout=30
      ;;
    # The one target without Swift, of which the leak sanitizer has false alarms.
    codecs) leaks=1 ;;
  esac
  # What is freed is soon used again, so that the limit counts memory in use, not memory that the
  # sanitizer keeps back.
  SWIFT_BACKTRACE=enable=no \
    ASAN_OPTIONS=detect_leaks=$leaks:allocator_may_return_null=1:quarantine_size_mb=16 \
    "$work/$target" "$work/found/$target" "$work/seeds/$target" -dict="$dictionary" \
    -max_total_time="$time" -max_len=65536 -timeout="$timeout" -rss_limit_mb=512 \
    -artifact_prefix="$work/failures/$target-" -print_final_stats=1 ${FUZZ_OPTIONS:-} \
    >"$work/$target.log" 2>&1 ||
    { tail -n 60 "$work/$target.log"; return 1; }
  tell "$target"
}

build
fuzz_all "$@"
