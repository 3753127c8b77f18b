# Models that somebody made to do harm, shown to the program while its system calls are watched.

check_hostile_models() {
  cd "$clone"
  command -v python3 >/dev/null || apt-get install -y -q python3
  command -v strace >/dev/null || apt-get install -y -q strace
  local program=.build/release/cnnctl
  $program train dataset --arch seed --size 16 --epochs 1 --fraction 0.05 --no-plots -q \
    --out "$work/tiny" >/dev/null
  python3 Tests/Reliability/hostile.py "$program" "$work/tiny/weights/best.safetensors" \
    "$(find dataset -name '*.jpg' -print -quit)"
}
