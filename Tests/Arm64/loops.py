"""The innermost loops of the kernels, as the compiler has made them.

loops.py FILE [--all]: reads the disassembly by llvm-objdump of an object for arm64 or x86-64 and
prints for each size of the products' tiles how many instructions the loop has, how many of them
are fused multiply-adds, loads, and vectors that are kept on the stack or copied. Ends with 1 where
a loop with multiply-adds keeps vectors on the stack. With --all, every loop with multiply-adds.
"""

import re
import subprocess
import sys

VECTOR = re.compile(r"\b[qv]\d|%[xyz]mm")


def functions(path):
    """Names and instructions, (address, operation, operands), of each function."""
    found = []
    for line in open(path):
        if head := re.match(r"^[0-9a-f]+ <(.+)>:$", line):
            found.append((head[1], []))
        elif found and (code := re.match(r"^\s*([0-9a-f]+):\s+(?:[0-9a-f]{8}|(?:[0-9a-f]{2} )+)\s+(\S+)\s*(.*)$", line)):
            found[-1][1].append((int(code[1], 16), code[2], code[3]))
    return found


def innermost(code):
    """The loops that hold no other one."""
    place = {address: index for index, (address, _, _) in enumerate(code)}
    loops = set()
    for end, (_, operation, operands) in enumerate(code):
        if re.match(r"b\.|b$|cbn?z|tbn?z|j", operation):
            target = re.search(r"0x([0-9a-f]+)", operands)
            start = place.get(int(target[1], 16)) if target else None
            if start is not None and start <= end:
                loops.add((start, end))
    return [
        code[start : end + 1]
        for start, end in sorted(loops)
        if not any((a, b) != (start, end) and a >= start and b <= end for a, b in loops)
    ]


def counted(loop):
    """Instructions, multiply-adds, loads, vectors on the stack, copies of vectors."""
    products = loads = stack = copies = 0
    for _, operation, operands in loop:
        isvector = bool(VECTOR.search(operands))
        if re.match(r"fml[as]$|vfn?m(add|sub)", operation):
            products += 1
        if re.match(r"ld|vmov|vbroadcast", operation) and re.search(r"[\[(]", operands):
            loads += 1
        if isvector and re.search(r"\[sp|\(%rsp", operands):
            stack += 1
        if isvector and re.match(r"mov$|vmova?ps$", operation) and not re.search(r"[\[(]", operands):
            copies += 1
    return len(loop), products, loads, stack, copies


found = functions(sys.argv[1])
names = subprocess.run(
    ["swift", "demangle", "--compact"], input="\n".join(name for name, _ in found),
    capture_output=True, text=True, check=True).stdout.splitlines()
rows, spilled = [], 0
for (_, code), name in zip(found, names):
    tile = re.search(r"<([\d, ]+)> of static \w+\.\(?(\w+)(?: in \w+\))?\.(\w+)\(", name)
    label = f"{tile[2]}<{tile[1]}>.{tile[3]}" if tile else re.sub(r"\(.*", "", re.sub(r"^(closure|function).* in ", "", name))
    loops = [loop for loop in map(counted, innermost(code)) if loop[1]]
    spilled += sum(loop[3] > 0 for loop in loops)
    for loop in loops:
        if loop[3] or "--all" in sys.argv or tile:
            rows.append((label, *loop))
if len(rows) < 50:
    sys.exit(f"{len(rows)} loops with multiply-adds found: the check is broken")
if "--all" in sys.argv or spilled:
    print("loop; instructions, multiply-adds, loads, on the stack, copies")
    for label, *numbers in sorted(rows):
        if "--all" in sys.argv or numbers[3]:
            print(f"{label}: {', '.join(map(str, numbers))}")
print(f"{len(rows)} loops of tiles, {spilled} loops with vectors on the stack")
sys.exit(spilled > 0)
