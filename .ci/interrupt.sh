# Runs that are killed, failed and stopped, a few of the ways; Tests/Reliability/interrupt.py has all.

check_interruptions() {
  cd "$clone"
  command -v python3 >/dev/null || apt-get install -y -q python3
  command -v strace >/dev/null || apt-get install -y -q strace
  local interrupt="python3 Tests/Reliability/interrupt.py .build/release/cnnctl dataset"
  $interrupt calls --every 16
  $interrupt errors --every 48
  $interrupt kills --count 2
  $interrupt signals --count 3
}
