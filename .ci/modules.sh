# Package.swift declares what the sources import: of each target neither more nor less.

# check_modules FOLDER: compares the targets of the package in a folder with its import lines.
check_modules() {
  command -v python3 >/dev/null || apt-get install -y -q python3
  (cd "$1" && swift package dump-package) >"$work/package.json"
  python3 - "$1" "$work/package.json" <<'PYTHON'
import json, pathlib, re, sys

top, package = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2]))
targets = {target["name"]: target for target in package["targets"]}
line = re.compile(r"^\s*(?:@\w+ )*(?:\w+ )?import (?:(?:enum|struct|class|func|protocol) )?(\w+)", re.M)
wrong, seen = [], 0
for name, target in targets.items():
    home = "Tests" if target["type"] == "test" else "Sources"
    # A folder may be a link to another.
    folder = (top / (target.get("path") or f"{home}/{name}")).resolve()
    files = list(folder.rglob("*.swift"))
    if not files:
        continue
    imported = {module for file in files for module in line.findall(file.read_text())} & set(targets)
    declared = {next(iter(d.values()))[0] for d in target["dependencies"]}
    seen += len(imported)
    wrong += [f"{name} imports {m} and does not declare it" for m in sorted(imported - declared)]
    wrong += [f"{name} declares {m} and does not import it" for m in sorted(declared - imported)]
if not seen:
    wrong.append("no import found: the check is broken")
for problem in wrong:
    print("error:", problem, file=sys.stderr)
if not wrong:
    print(f"{seen} imports of modules of the package, each declared, and no other declared")
sys.exit(bool(wrong))
PYTHON
}
