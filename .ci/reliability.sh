# What Tests/Reliability does with the program: a part of it, each of its scripts has all.

need_tracing() {
  command -v python3 >/dev/null || apt-get install -y -q python3
  command -v strace >/dev/null || apt-get install -y -q strace
}

# Runs and sorts that are killed, failed and stopped, a few of the ways.
check_interruptions() {
  cd "$clone"
  need_tracing
  local interrupt="python3 Tests/Reliability/interrupt.py .build/release/cnnctl dataset"
  $interrupt calls --every 16
  $interrupt errors --every 48
  $interrupt kills --count 2
  $interrupt signals --count 3
  $interrupt long --count 2
  $interrupt kinds --count 2
  $interrupt sort --every 24
}

# Several processes under MPI: the figures of one, one message, a process killed, a cable cut.
check_ranks() {
  cd "$clone"
  need_tracing
  command -v mpirun >/dev/null || apt-get install -y -q openmpi-bin
  command -v ip >/dev/null || apt-get install -y -q iproute2
  command -v pgrep >/dev/null || apt-get install -y -q procps
  local ranks="python3 Tests/Reliability/ranks.py .build/release/cnnctl dataset"
  $ranks same
  $ranks errors
  $ranks kills --count 2
  if ip netns add cnnctl-probe 2>/dev/null; then
    ip netns del cnnctl-probe
    $ranks hosts
  else
    echo "note: this machine allows no network namespaces: no link is cut"
  fi
}

# One digest on any number of threads, and the memory that was said to be enough.
check_threads_and_memory() {
  cd "$clone"
  need_tracing
  python3 Tests/Reliability/threads.py .build/release/cnnctl dataset
  # Other libraries and kernels hold a little more or less than those that were measured.
  python3 Tests/Reliability/memory.py .build/release/cnnctl dataset -2 30
}

# Models that somebody made to do harm, shown to the program while its system calls are watched.
check_hostile_models() {
  cd "$clone"
  need_tracing
  local program=.build/release/cnnctl
  $program train dataset --arch seed --size 16 --epochs 1 --fraction 0.05 --no-plots -q \
    --out "$work/tiny" >/dev/null
  python3 Tests/Reliability/hostile.py "$program" "$work/tiny/weights/best.safetensors" \
    "$(find dataset -name '*.jpg' -print -quit)"
  python3 Tests/Reliability/strangers.py "$program" dataset
}
