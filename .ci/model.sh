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
  seconds=$(tail -n 1 "$run/events.ndjson" >"$work/done.json"; json "$work/done.json" 'd["seconds"]')
  echo "test accuracy $accuracy on $images images; training took $seconds s of $1 s"
  python3 - "$accuracy" "$images" <<'PYTHON'
import sys
accuracy, images = map(float, sys.argv[1:])
assert images == 120, "the test set holds 120 images"
assert accuracy >= 0.90, "test accuracy below 90 %"
PYTHON
}

# The Python package safetensors reads the model file.
check_python() {
  local environment=$work/python
  if ! python3 -m venv "$environment" 2>/dev/null; then
    apt-get install -y -q python3-venv
    rm -rf "$environment"
    python3 -m venv "$environment"
  fi
  "$environment/bin/pip" install --quiet --disable-pip-version-check numpy safetensors
  "$environment/bin/python" "$here/read_model.py" "$clone/runs/latest"
}
