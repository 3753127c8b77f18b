# The program on processors that this machine is not, emulated: an instruction that a level must not
# use ends it there, where the suite at that level would not notice.

# photos FOLDER COUNT TARGET: copies the first photos of a folder, in the order of their names.
photos() {
  mkdir -p "$3"
  find "$1" -type f -name '*.*g' | sort | sed -n "1,$2p" | while read -r photo; do
    cp "$photo" "$3/"
  done
}

# answers FILE COMMAND...: what the program says of the photos.
answers() {
  local file=$1
  shift
  "$@" predict -r "$work/few/test_set" --model "$clone/runs/latest" --json >"$file" 2>"$file.log" ||
    { cat "$file.log"; fail "no answers from $*"; }
}

# train_few RUN COMMAND...: one epoch on a few small pictures, on every kind of layer; then the same
# for the tutorial's network, whose dense layers are larger, by the recipe's Muon: its matrix products
# would take minutes on the wide layers of the first, where every multiply-add is emulated.
train_few() {
  local run=$1
  shift
  local options=(--recipe quick --size 32 --batch-size 4 --epochs 1 --val-split 0.25)
  "$@" train "$work/few" "${options[@]}" --optimizer adamw --arch r18h --out "$run-r18h" >"$run-r18h.log" 2>&1 ||
    { cat "$run-r18h.log"; fail "training on $run"; }
  "$@" train "$work/few" "${options[@]}" --arch seed --out "$run-seed" >"$run-seed.log" 2>&1 ||
    { cat "$run-seed.log"; fail "training on $run"; }
}

# check_processor MODEL LEVEL: the level is what the program picks there by itself, its answers are
# those of this machine, and training gives the numbers of this machine at that level.
check_processor() {
  local emulated=(qemu-x86_64 -cpu "$1" "$program") picked
  echo "+ ${emulated[*]}"
  picked=$("${emulated[@]}" --version 2>/dev/null | sed -n 's/^instruction sets: //p')
  picked=${picked##* }
  [ "$picked" = "$2" ] || fail "on a $1 the program picks $picked, not $2"
  answers "$work/$2.ndjson" "${emulated[@]}"
  train_few "$work/emulated-$2" "${emulated[@]}"
  grep -q ", $2, " "$work/emulated-$2-seed.log" || fail "no training at level $2"
  train_few "$work/native-$2" env CNNCTL_ISA="$2" "$program"
  python3 - "$work" "$2" <<'PYTHON'
import csv, json, sys
work, level = sys.argv[1:]
def lines(name): return [json.loads(line) for line in open(f"{work}/{name}.ndjson")]
native, emulated = lines("native"), lines(level)
assert len(native) == len(emulated) == 8, "8 answers"
far = 0
for a, b in zip(native, emulated):
    assert a["path"] == b["path"] and a["error"] is None and b["error"] is None, (a, b)
    assert a["label"] == b["label"], (a, b)
    far = max(far, abs(a["probability"] - b["probability"]))
assert far <= 1e-4, f"a probability differs by {far}"
for network in ["r18h", "seed"]:
    a, b = ([float(x) for x in list(csv.reader(open(f"{work}/{kind}-{level}-{network}/metrics.csv")))[1][1:5]]
            for kind in ["native", "emulated"])
    assert max(abs(x - y) for x, y in zip(a, b)) <= 1e-4, (network, a, b)
print(f"{level}: 8 answers within {far:.1e}, losses of two trainings within 1e-4")
PYTHON
}

check_processors() {
  [ "$(uname -m)" = x86_64 ] || { echo "not x86-64: nothing to emulate"; return; }
  command -v qemu-x86_64 >/dev/null || apt-get install -y -q qemu-user
  local program=$clone/.build/release/cnnctl set class
  for set in training_set test_set; do
    for class in cats dogs; do
      photos "$clone/dataset/$set/$class" "$([ $set = test_set ] && echo 4 || echo 6)" \
        "$work/few/$set/$class"
    done
  done
  answers "$work/native.ndjson" "$program"
  check_processor Nehalem baseline
  check_processor Haswell avx2
}
