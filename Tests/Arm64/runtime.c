// The kernels' tests on a processor without Swift's runtime: the entry, and what Swift's code for
// such a processor expects of a system.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

uintptr_t __stack_chk_guard = 0x5bd1e995;

int run_suites(int count, char **names);

// suites [NAME...]: runs the suites named, or all; 1 if a check fails.
int main(int count, char **words) {
  int code = run_suites(count - 1, words + 1);
  fflush(stdout);
  return code;
}
