#define _GNU_SOURCE
#include <malloc.h>
#include "CSystem.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t extended_control_register(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

// `state`: the bits of XCR0 that say the operating system saves the wide registers.
static bool supports(uint64_t state, uint32_t leaf7) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return false;
  const uint32_t osxsave = 1u << 27, fma = 1u << 12, movbe = 1u << 22, f16c = 1u << 29;
  if ((c & (osxsave | fma | movbe | f16c)) != (osxsave | fma | movbe | f16c)) return false;
  if ((extended_control_register() & state) != state) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & leaf7) != leaf7) return false;
  const uint32_t lzcnt = 1u << 5;
  return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & lzcnt) != 0;
}

enum { BMI1 = 1 << 3, AVX2 = 1 << 5, BMI2 = 1 << 8 };
enum { F = 1 << 16, DQ = 1 << 17, CD = 1 << 28, BW = 1 << 30 };

bool csystem_supports_avx2(void) { return supports(0x6, BMI1 | AVX2 | BMI2); }

bool csystem_supports_avx512(void) {
  return supports(0xe6, BMI1 | AVX2 | BMI2 | F | DQ | CD | BW | (1u << 31));
}

void csystem_processor_name(char *buffer, int capacity) {
  uint32_t name[13] = {0};
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t *p = name + 4 * i;
    if (!__get_cpuid(0x80000002 + i, p, p + 1, p + 2, p + 3)) break;
  }
  strncpy(buffer, (const char *)name, (size_t)capacity - 1);
  buffer[capacity - 1] = 0;
}

uint64_t csystem_flush_denormals(void) {
  uint32_t former = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(former | 0x8040);
  return former;
}

void csystem_restore_float_control(uint64_t former) {
  __builtin_ia32_ldmxcsr((uint32_t)former);
}

#else

bool csystem_supports_avx2(void) { return false; }
bool csystem_supports_avx512(void) { return false; }
void csystem_processor_name(char *buffer, int capacity) {
  strncpy(buffer, "unknown", (size_t)capacity - 1);
  buffer[capacity - 1] = 0;
}

#if defined(__aarch64__)
uint64_t csystem_flush_denormals(void) {
  uint64_t former;
  __asm__ volatile("mrs %0, fpcr" : "=r"(former));
  __asm__ volatile("msr fpcr, %0" : : "r"(former | (1u << 24)));
  return former;
}
void csystem_restore_float_control(uint64_t former) {
  __asm__ volatile("msr fpcr, %0" : : "r"(former));
}
#else
uint64_t csystem_flush_denormals(void) { return 0; }
void csystem_restore_float_control(uint64_t former) { (void)former; }
#endif
#endif

void csystem_futex_wait(const uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void csystem_futex_wait_for(const uint32_t *word, uint32_t expected, int64_t nanoseconds,
                            bool shared) {
  struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  syscall(SYS_futex, word, shared ? FUTEX_WAIT : FUTEX_WAIT_PRIVATE, expected, &limit, NULL, 0);
}

void csystem_sleep_exactly(void) { prctl(PR_SET_TIMERSLACK, 1000UL); }

void csystem_futex_wake(const uint32_t *word, int count, bool shared) {
  syscall(SYS_futex, word, shared ? FUTEX_WAKE : FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void csystem_processor_mask(uint8_t *mask, size_t bytes) {
  cpu_set_t set;
  CPU_ZERO(&set);
  memset(mask, 0, bytes);
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    memcpy(mask, &set, bytes < sizeof set ? bytes : sizeof set);
}

int csystem_usable_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return CPU_COUNT(&set);
}

int csystem_memory_file(void) { return memfd_create("cnnctl", MFD_CLOEXEC); }

void csystem_share_heap(void) { mallopt(M_ARENA_MAX, 1); }

int csystem_rename_exclusively(int old_folder, const char *old_name, int new_folder,
                               const char *new_name) {
  return renameat2(old_folder, old_name, new_folder, new_name, RENAME_NOREPLACE);
}
