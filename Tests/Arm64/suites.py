"""The kernels' tests for a compiler without Swift Testing.

suites.py TARGET FILE...: copies each test file into the folder TARGET with the macros replaced by
calls of Tests/Arm64/Testing, adds to each suite a function that calls its tests with all their
arguments, and writes Suites.swift, which runs suites by name. A test that this cannot read is an
error, never left out.
"""

import pathlib
import re
import sys

TEST = re.compile(
    r"^  @Test(?:\(arguments: (?P<arguments>.*)\))?\n  func (?P<name>`[^`]+`|\w+)\((?P<parameters>[^)]*)\)",
    re.M,
)


def split(text):
    """The parts between the commas that stand in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def calls(suite, source):
    """Swift that calls every test of a suite."""
    lines = []
    for test in TEST.finditer(source):
        names = [parameter.split(":")[0].split()[-1] for parameter in split(test["parameters"])]
        lists = split(test["arguments"] or "")
        loops = []
        if len(lists) == 1 and len(names) > 1:
            loops.append(f"for ({', '.join(names)}) in {lists[0]}")
        elif len(lists) == len(names):
            loops += [f"for {name} in {values}" for name, values in zip(names, lists)]
        else:
            sys.exit(f"{suite}: no arguments for {test['name']}")
        given = ", ".join(f"{name}: {name}" for name in names)
        lines.append(f"    Checks.test = \"{suite}.{test['name'].strip('`')}\"")
        lines.append("    " + "".join(f"{loop} {{ " for loop in loops)
                     + f"{suite}().{test['name']}({given})" + " }" * len(loops))
    return lines


target, files = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
suites, tests = [], 0
for file in files:
    source = file.read_text()
    found = re.findall(r"^@Suite(?:\(.*\))?\nstruct (\w+)", source, re.M)
    wanted = len(re.findall(r"@Test\b", source))
    if len(found) != (wanted > 0):
        sys.exit(f"{file}: {len(found)} suites and {wanted} tests")
    body = source
    if found:
        lines = calls(found[0], source)
        if len(lines) != 2 * wanted:
            sys.exit(f"{file}: {wanted} tests, {len(lines) // 2} of them understood")
        tests += wanted
        suites.append(found[0])
        body += f"\nextension {found[0]} {{\n  static func runAll() {{\n" + "\n".join(lines) + "\n  }\n}\n"
    body = re.sub(r"^@Suite(\(.*\))?$", "", body, flags=re.M)
    body = re.sub(r"^  @Test(\(.*\))?$", "", body, flags=re.M)
    # Nothing of these tests throws there.
    body = re.sub(r"\btry ", "", re.sub(r"\) throws\b", ")", body))
    # Embedded Swift has no key paths.
    body = re.sub(r"\(\\\.(\w+)\)", r" { $0.\1 }", body)
    body = body.replace("#expect(", "checkThat(")
    if "@Test" in body or "#require" in body:
        sys.exit(f"{file}: a macro is left")
    (target / file.name).write_text(body)

table = "\n".join(f'  ("{suite}", {{ {suite}.runAll() }}),' for suite in suites)
(target / "Suites.swift").write_text(f"""import Compute
import Testing

private let suites: [(name: StaticString, run: @Sendable () -> Void)] = [
{table}
]

/// Runs the suites named, or all of them, and prints how often each kernel was called.
@_cdecl("run_suites")
public func runSuites(
  _ count: Int32, _ names: UnsafePointer<UnsafePointer<CChar>?>?
) -> Int32 {{
  for suite in suites where isWanted(suite.name, count, names) {{
    let made = Checks.made
    suite.run()
    print("suite \\(suite.name): \\(Checks.made - made) checks")
  }}
  for kernel in KernelCalls.counts {{ print("kernel \\(kernel.name) \\(kernel.calls)") }}
  print("failed \\(Checks.failed)")
  return Checks.failed > 0 || Checks.made == 0 ? 1 : 0
}}

private func isWanted(
  _ name: StaticString, _ count: Int32, _ names: UnsafePointer<UnsafePointer<CChar>?>?
) -> Bool {{
  guard let names, count > 0 else {{ return true }}
  for place in 0..<Int(count) {{
    guard let word = names[place] else {{ continue }}
    var same = word[name.utf8CodeUnitCount] == 0
    for letter in 0..<name.utf8CodeUnitCount where same {{
      same = UInt8(bitPattern: word[letter]) == name.utf8Start[letter]
    }}
    if same {{ return true }}
  }}
  return false
}}
""")
print(f"{tests} tests in {len(suites)} suites")
