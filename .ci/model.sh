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

# What Python says of the model file and of the drawn pictures. Without PyPI this fails: a check that
# did not run has not passed.
check_python() {
  local environment=$work/python scripts=$clone/Tests/Scripts run=$clone/runs/latest
  if ! python3 -m venv "$environment" >/dev/null 2>&1; then
    apt-get install -y -q python3-venv
    rm -rf "$environment"
    python3 -m venv "$environment"
  fi
  "$environment/bin/pip" install --quiet --disable-pip-version-check \
    numpy safetensors pillow scikit-learn
  "$environment/bin/python" "$scripts/check_safetensors.py" "$run/weights/best.safetensors"
  local said found
  tail -n 1 "$run/events.ndjson" >"$work/done.json"
  said=$(json "$work/done.json" 'd["weights_sha256"]')
  found=$(sha256sum "$run/weights/best.safetensors" | cut -d ' ' -f 1)
  [ "$said" = "$found" ] || fail "the run says that the model's digest is $said, it is $found"
  "$environment/bin/python" "$scripts/histogram_baseline.py" "$clone/dataset"
}
