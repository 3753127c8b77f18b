"""Compares the documentation with the package and the program.

usage: documentation.py modules README.md dump.json
       documentation.py options PROGRAM README.md...

`modules` compares the table under the mark <!-- modules --> with the targets of
`swift package dump-package`, tests left out: same modules, same dependencies.
`options` looks for --options in Markdown files: each one that they mention must exist in the
program's help, and each one in the help must be mentioned in an article.

Prints each difference on a line of its own and exits with 1 if there is one.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

MODULES_MARK = "<!-- modules -->"

# Options of other programs that the text mentions without naming the program in the same code.
FOREIGN = {
    "count", "decode-fully", "disable-testable-imports", "limit", "mca", "mpi", "ranks",
    "show-bin-path", "tolerance",
}


def table_modules(readme):
    """The module table: name to set of dependencies. Column 1 is the name, column 2 the list."""
    lines = readme.read_text(encoding="utf-8").splitlines()
    if MODULES_MARK not in lines:
        sys.exit(f"error: {readme} has no line {MODULES_MARK}")
    modules = {}
    for line in lines[lines.index(MODULES_MARK) + 1 :]:
        if not line.startswith("|"):
            if modules:
                break
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`([^`]+)`", cells[0])
        for name in names:
            modules[name] = set(re.findall(r"`([^`]+)`", cells[1]))
    return modules


def package_modules(dump):
    """The same from the JSON of `swift package dump-package`."""
    modules = {}
    for target in json.loads(dump.read_text(encoding="utf-8"))["targets"]:
        if target["type"] == "test" or (target.get("path") or "").startswith("Tests/"):
            continue
        # A dependency is {"byName": [name, condition]} or {"target": [name, condition]}.
        modules[target["name"]] = {
            value[0] for dependency in target["dependencies"] for value in dependency.values()
        }
    return modules


def compare_modules(readme, dump):
    written, real = table_modules(readme), package_modules(dump)
    for name in sorted(written.keys() | real.keys()):
        if name not in real:
            yield f"{readme}: the package has no module {name}"
        elif name not in written:
            yield f"{readme}: the module {name} is missing"
        else:
            for other in sorted(real[name] - written[name]):
                yield f"{readme}: {name} depends on {other}, which is missing"
            for other in sorted(written[name] - real[name]):
                yield f"{readme}: {name} does not depend on {other}"


def help_options(program):
    """Each command's options, without the dashes, as its help lists them."""

    def text(*words):
        return subprocess.run(
            [program, "help", *words], check=True, capture_output=True, encoding="utf-8"
        ).stdout

    listed = text().split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    commands = re.findall(r"^  ([a-z]+) ", listed, re.M)
    options = {}
    for command in commands:
        page = text(command, "--all")
        found = set(re.findall(r"^ +(?:-\w, )?--([a-z][a-z0-9-]*)", page, re.M))
        negated = re.search(r"--no-NAME\s+turns\s+off\s+([a-z0-9,\s-]+)\.", page)
        if negated:
            found |= {"no-" + name for name in re.split(r",\s*", negated[1].strip())}
        options[command] = found
    if not options:
        sys.exit(f"error: {program} help lists no command")
    return options


def code(text):
    """The pieces of code in Markdown: lines of fenced blocks, joined where they continue, and
    spans. Each with the number of its line, and whether it is of a block."""
    inside, joined, paragraph, begun = False, "", "", 0
    for number, line in enumerate([*text.splitlines(), ""], 1):
        fence = line.startswith("```")
        if paragraph and (fence or not line.strip()):
            for span in re.finditer(r"`([^`]+)`", paragraph):
                yield begun + paragraph.count("\n", 0, span.start()), span[1], False
            paragraph = ""
        if fence:
            inside = not inside
        elif inside:
            begun = begun if joined else number
            joined += line.removesuffix("\\")
            if not line.endswith("\\"):
                yield begun, joined, True
                joined = ""
        elif line.strip():
            begun = begun if paragraph else number
            paragraph += line + "\n"


def mentions(text, commands):
    """(line, command or None, option) for each option of this program in the text."""
    for number, piece, block in code(text):
        # What follows a comment or a pipe is not an argument of the command.
        for part in re.split(r"\\?\||#|;|>", piece):
            words = part.split()
            command = None
            if "cnnctl" in words and words[-1] != "cnnctl":
                words = words[words.index("cnnctl") + 1 :]
                command = words[0] if words[0] in commands else None
            elif not block and words and words[0] in commands:
                command = words[0]
            elif block or not part.strip().startswith("--"):
                continue
            for word in words:
                # Not --no-NAME.
                option = re.match(r"--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?![-a-z0-9])", word)
                if option and option[1] not in FOREIGN:
                    yield number, command, option[1]


def compare_options(program, files):
    options = help_options(program)
    everywhere = set().union(*options.values()) | {"version"}
    mentioned = set()
    for file in files:
        for number, command, option in mentions(file.read_text(encoding="utf-8"), options):
            if option not in options.get(command, everywhere):
                where = f"'cnnctl {command}'" if command else "any command"
                yield f"{file}:{number}: --{option} is no option of {where}"
            if file.name != "README.md":
                mentioned.add(option)
    for option in sorted(everywhere):
        if option.removeprefix("no-") not in mentioned and option not in mentioned:
            owners = ", ".join(name for name in options if option in options[name])
            yield f"--{option} ({owners}) is in no article"


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "modules":
        differences = list(compare_modules(Path(sys.argv[2]), Path(sys.argv[3])))
    elif len(sys.argv) >= 4 and sys.argv[1] == "options":
        differences = list(compare_options(sys.argv[2], [Path(name) for name in sys.argv[3:]]))
    else:
        sys.exit(__doc__)
    for difference in differences:
        print(f"error: {difference}", file=sys.stderr)
    sys.exit(1 if differences else 0)


main()
