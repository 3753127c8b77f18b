# One digest on any number of threads, and the memory that was said to be enough.

check_promises() {
  cd "$clone"
  python3 Tests/Reliability/threads.py .build/release/cnnctl dataset
  # Other libraries and kernels hold a little more or less than those that were measured.
  python3 Tests/Reliability/memory.py .build/release/cnnctl dataset -2 30
}
