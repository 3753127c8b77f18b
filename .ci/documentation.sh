# The README and the documentation hold what they say.

# readme_command NAME N: line N of the fenced block after the mark <!-- NAME --> in README.md.
readme_command() {
  local line
  line=$(awk -v mark="<!-- $1 -->" -v wanted="$2" '
    $0 == mark { marked = 1; next }
    marked && /^```/ { if (inside) exit; inside = 1; next }
    inside && ++count == wanted { print; exit }
  ' "$clone/README.md")
  [ -n "$line" ] || fail "README.md has no line $2 after the mark $1"
  printf '+ %s\n' "$line" >&2
  printf '%s\n' "$line"
}

# swift_blocks FILE MARK FOLDER: writes every ```swift block of a Markdown file into a folder of its
# own as main.swift; with a MARK only blocks on whose line above it stands.
swift_blocks() {
  awk -v mark="$2" -v folder="$3/$(basename "$1" .md | tr -c '[:alnum:]\n' _)" '
    /^```swift *$/ && (mark == "" || above == mark) {
      inside = 1; path = folder "_" ++count
      system("mkdir -p \"" path "\""); path = path "/main.swift"; next
    }
    /^```/ { if (inside) close(path); inside = 0 }
    inside { print > path }
    { if ($0 != "") above = $0 }
  ' "$1"
}

# The README's modules are the package's, the options that the text mentions are the program's, and
# the articles mention all of them.
check_modules_and_options() {
  local program=$clone/.build/release/cnnctl
  swift package --package-path "$clone" dump-package >"$work/package.json"
  python3 "$here/documentation.py" modules "$clone/README.md" "$work/package.json"
  python3 "$here/documentation.py" options "$program" "$clone/README.md" \
    "$clone/dataset/README.md" "$clone"/Sources/*/*.docc/*.md
}

# Compiles and runs the examples against the package, as a package that depends on it would.
check_examples() {
  local package=$work/examples
  mkdir -p "$package/Sources"
  local file
  for file in "$clone"/Sources/CNN/CNN.docc/*.md; do
    swift_blocks "$file" "" "$package/Sources"
  done
  swift_blocks "$clone/README.md" "<!-- runnable -->" "$package/Sources"
  local names
  names=$(ls "$package/Sources")
  [ -n "$names" ] || fail "the documentation holds no example"
  {
    echo '// swift-tools-version: 6.2'
    echo 'import PackageDescription'
    echo 'let package = Package('
    echo '  name: "examples", dependencies: [.package(path: "../cnnctl")], targets: ['
    local name
    for name in $names; do
      echo "    .executableTarget(name: \"$name\","
      echo '      dependencies: [.product(name: "CNN", package: "cnnctl")]),'
    done
    echo '  ])'
  } >"$package/Package.swift"
  cd "$package"
  swift build -c release
  for name in $names; do
    echo "+ $name"
    timeout 300 "$(swift build -c release --show-bin-path)/$name"
  done
}

check_documentation() {
  check_modules_and_options
  check_examples
}

# The README's line installs one file that runs without the toolchain.
check_install() {
  cd "$clone"
  local line
  line=$(readme_command install 1)
  bash -euo pipefail -c "$line"
  local program=$HOME/.local/bin/cnnctl empty=$work/empty
  mkdir -p "$empty"
  if ldd "$program" | grep -i swift; then fail "the installed program needs Swift's libraries"; fi
  cp "$program" "$empty/"
  cd "$empty"
  local alone=(env -i PATH=/usr/bin:/bin LD_LIBRARY_PATH= ./cnnctl)
  "${alone[@]}" --version
  local photo
  # Not head, which leaves sort with a broken pipe.
  photo=$(find "$clone/dataset/test_set" -name '*.jpg' | sort | sed -n 1p)
  "${alone[@]}" predict "$photo" --model "$clone/runs/latest"
}
