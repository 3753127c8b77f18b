# The pictures of dataset/ are those that Tests/DrawDataset draws, to the byte.

# check_dataset: draws the first ones of each folder again.
check_dataset() {
  local drawn=$work/drawn file count=0
  cd "$clone/Tests/DrawDataset"
  swift build -c release
  .build/release/draw-dataset "$drawn" --count 8
  while read -r file; do
    cmp "$drawn/$file" "$clone/dataset/$file" || fail "dataset/$file is drawn otherwise"
    count=$((count + 1))
  done < <(cd "$drawn" && find . -name '*.jpg' -o -name '*.png')
  [ "$count" -ge 20 ] || fail "only $count pictures were drawn"
  echo "$count pictures are those of dataset/"
}
