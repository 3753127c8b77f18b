# What the quick start's run left behind.

# json FILE EXPRESSION: a value of a JSON file, called d in the expression.
json() {
  python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"
}

# check_quick_start SECONDS: the model's accuracy. The times are printed, not judged: machines
# differ.
check_quick_start() {
  command -v python3 >/dev/null || apt-get install -y -q python3
  local run=$clone/runs/latest accuracy images seconds
  accuracy=$(json "$run/test/report.json" 'd["accuracy"]')
  images=$(json "$run/test/report.json" 'd["images"]')
  tail -n 1 "$run/events.ndjson" >"$work/done.json"
  seconds=$(json "$work/done.json" 'd["seconds"]')
  echo "test accuracy $accuracy on $images images; training took $seconds s of $1 s"
  python3 - "$accuracy" "$images" <<'PYTHON'
import sys
accuracy, images = map(float, sys.argv[1:])
assert images == 120, "the test set holds 120 images"
assert accuracy >= 0.90, "test accuracy below 90 %"
PYTHON
}

# python_environment: an environment of its own for Python's packages, in $work/python.
python_environment() {
  [ ! -x "$work/python/bin/pip" ] || return 0
  if ! python3 -m venv "$work/python" >/dev/null 2>&1; then
    apt-get install -y -q python3 python3-venv
    rm -rf "$work/python"
    python3 -m venv "$work/python"
  fi
}

# What Python says of the model file and of the drawn pictures. Without PyPI this fails: a check that
# did not run has not passed.
check_python() {
  local environment=$work/python scripts=$clone/Tests/Scripts run=$clone/runs/latest
  python_environment
  "$environment/bin/pip" install --quiet --disable-pip-version-check \
    numpy safetensors pillow scikit-learn onnx onnxruntime coremltools
  "$environment/bin/python" "$scripts/check_safetensors.py" "$run/weights/best.safetensors"
  local dtype
  for dtype in f32 f16 i8; do
    "$clone/.build/release/cnnctl" export "$run" --dtype "$dtype" -o "$work/$dtype.safetensors"
    "$environment/bin/python" "$scripts/check_safetensors.py" \
      "$work/$dtype.safetensors" "$run/weights/best.safetensors"
  done
  "$environment/bin/python" "$scripts/check_safetensors.py" \
    "$clone/Sources/CBoxedModels/cats-dogs.safetensors"
  local model
  for model in "$run" cats-dogs; do
    "$environment/bin/python" "$scripts/check_onnx.py" \
      "$clone/.build/release/cnnctl" "$model" "$clone/dataset/test_set"
    "$environment/bin/python" "$scripts/check_coreml.py" \
      "$clone/.build/release/cnnctl" "$model" "$clone/dataset/test_set"
  done
  check_served "$environment/bin/python"
  "$clone/.build/release/cnnctl" export "$run" --names torch -o "$work/torch.safetensors" \
    >"$work/net.py"
  "$environment/bin/python" "$scripts/check_torch_file.py" \
    "$run/weights/best.safetensors" "$work/torch.safetensors" "$work/net.py"
  local said found
  tail -n 1 "$run/events.ndjson" >"$work/done.json"
  said=$(json "$work/done.json" 'd["weights_sha256"]')
  found=$(sha256sum "$run/weights/best.safetensors" | cut -d ' ' -f 1)
  [ "$said" = "$found" ] || fail "the run says that the model's digest is $said, it is $found"
  "$environment/bin/python" "$scripts/histogram_baseline.py" "$clone/dataset"
}

# check_served PYTHON: the documentation's lines for ONNX Runtime say what predict says.
check_served() {
  local folder=$work/served photo said found
  photo=$(find "$clone/dataset/test_set" -name '*.jpg' | sort | sed -n 1p)
  mkdir "$folder"
  cp "$photo" "$folder/photo.jpg"
  "$clone/.build/release/cnnctl" export cats-dogs --format onnx -o "$folder/model.onnx"
  awk '/^```/ { inside = 0 } inside { print } /^```python$/ { inside = 1 }' \
    "$clone/Sources/cnnctl/cnnctl.docc/ONNX.md" >"$folder/serve.py"
  found=$(cd "$folder" && "$1" serve.py)
  said=$(cd "$folder" && "$clone/.build/release/cnnctl" predict photo.jpg --model cats-dogs)
  [ "$said" = "photo.jpg: $found" ] || fail "predict says '$said', ONNX Runtime says '$found'"
}

# The model inside the program: small, and all that an answer needs beside the program itself.
check_boxed_model() {
  local file=$clone/Sources/CBoxedModels/cats-dogs.safetensors alone=$work/alone size photo
  size=$(stat -c %s "$file")
  echo "cats-dogs.safetensors: $size bytes"
  [ "$size" -le 7000000 ] || fail "the model inside the program is larger than 7 MB"
  # Not head, which leaves sort with a broken pipe.
  photo=$(find "$clone/dataset/test_set" -name '*.jpg' | sort | sed -n 1p)
  mkdir "$alone"
  cp "$clone/.build/release/cnnctl" "$alone/"
  cd "$alone"
  env -i PATH=/usr/bin:/bin ./cnnctl predict "$photo" >answer.txt 2>said.txt ||
    fail "the program alone ends with code $?: $(cat said.txt)"
  cat said.txt answer.txt
  grep -q 'model: cats-dogs (built in), ' said.txt || fail "it does not say that cats-dogs answered"
  grep -Eq ': (cats|dogs) [0-9]+\.[0-9] %$' answer.txt || fail "that is no answer"
  [ "$(./cnnctl inspect cats-dogs --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["weights_sha256"])')" = "$(sha256sum "$file" | cut -d ' ' -f 1)" ] ||
    fail "the model inside the program is not the one in Sources"
}
