# The package on a bare Debian: its files and those of the packages that it depends on, nothing else.

# in_bare WORDS...: the installed program in the bare root. It finds its arguments in /proc.
in_bare() {
  unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/cnnctl "$@"' \
    "$work/bare" "$@"
}

# plain CLONE MODULE FOLDER: the code of a module's objects, without what depends on where it was built.
plain() {
  local name
  mkdir -p "$3"
  for name in "$1/.build/release/$2.build"/*.o; do
    objcopy --strip-debug --remove-section .swift_modhash "$name" "$3/$(basename "$name")"
  done
}

# check_other_folder PROGRAM: modules that are compiled in another folder are the same code, and
# nothing of the folder is left in the program. Whether the whole program is the same would take a
# second build of all of it.
check_other_folder() {
  local other=$work/in/a/longer/path/clone name
  git clone --quiet "$clone" "$other"
  (cd "$other" && swift build -c release --target Interchange >/dev/null)
  for name in $(cd "$other/.build/release" && ls -- *.build/*.o | sed 's/[.]build.*//' | sort -u); do
    plain "$clone" "$name" "$work/plain/here/$name"
    plain "$other" "$name" "$work/plain/there/$name"
  done
  [ -d "$work/plain/there/Interchange" ] || fail "no module was compiled in another folder"
  diff -r "$work/plain/here" "$work/plain/there" || fail "a module is other code in another folder"
  # A closure that is made to escape for a while has the length of its file's path beside it.
  name=$(grep -rl withoutActuallyEscaping "$clone/Sources" | xargs awk '
    /#sourceLocation\(file/ { within = 1 }
    /#sourceLocation\(\)/ { within = 0 }
    /withoutActuallyEscaping/ && !within { print FILENAME ":" FNR }')
  [ -z "$name" ] || fail "the length of a path is in the program: $name"
  # The check sees the path where it is: in what the program leaves out.
  grep -q -F "$clone" "$clone"/.build/release/Primitives.build/*.o ||
    fail "the check does not see a path"
  ! grep -q -F "$clone" "$1" || fail "the program holds the path of the folder that it was built in"
}

# check_package: makes the package twice, unpacks it with its dependencies, and trains, predicts and
# reports in there.
check_package() {
  local packages=$work/packages root=$work/bare deb name start
  apt-get install -y dpkg-dev man-db >/dev/null
  "$here/package" --built "$clone" "$packages/first"
  "$here/package" --built "$clone" "$packages/second"
  diff -r "$packages/first" "$packages/second" || fail "the same commit gives other bytes"
  deb=$(ls "$packages"/first/*.deb)
  [ "$(stat -c %s "$deb")" -le 25000000 ] || fail "the package has more than 25 MB"

  mkdir -p "$root/tmp" "$packages/needed"
  dpkg-deb -x "$deb" "$root"
  dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/(.*//; s/|.*//; s/ //g' >"$packages/names"
  # What those need in turn; the C library's own interpreter comes with it.
  (cd "$packages/needed" && apt-cache depends --recurse --no-recommends --no-suggests \
    --no-conflicts --no-breaks --no-replaces --no-enhances $(cat "$packages/names") |
    sed -n 's/^\([a-z0-9][a-z0-9.+-]*\)$/\1/p' | sort -u | xargs apt-get download >/dev/null)
  for name in "$packages"/needed/*.deb; do dpkg-deb -x "$name" "$root"; done
  cp -r "$clone/dataset" "$root/dataset"
  mkdir -p "$root/proc"
  check_other_folder "$root/usr/bin/cnnctl"
  in_bare --version
  # The time is printed, not judged: machines differ.
  start=$(date +%s%N)
  dpkg-deb -x "$deb" "$root"
  in_bare predict "/$(cd "$root" && find dataset/test_set -name '*.jpg' | sort | sed -n 1p)"
  echo "from a package of $(stat -c %s "$deb") bytes to the first prediction:" \
    "$((($(date +%s%N) - start) / 1000000)) ms"
  # By the model in the box, then by one of its own.
  in_bare predict -r /dataset/test_set/cats | tail -1
  in_bare train /dataset --recipe seed --epochs 2 --out /tmp/run
  in_bare predict -r /dataset/test_set --model /tmp/run --format csv -o /tmp/answers.csv
  [ "$(wc -l <"$root/tmp/answers.csv")" -gt 100 ] || fail "the predictions are not there"
  in_bare report /tmp/run
  [ -s "$root/tmp/run/report.html" ] || fail "the report is not there"

  # The pages say nothing that man would warn of.
  for name in "$root"/usr/share/man/man1/*.gz; do
    [ -z "$(man --warnings -l "$name" 2>&1 >/dev/null)" ] || fail "man warns of $name"
  done
}
