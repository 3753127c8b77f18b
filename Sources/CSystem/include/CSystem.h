#ifndef CSYSTEM_H
#define CSYSTEM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What Swift cannot say itself: processor features, futexes, a rename that replaces nothing, the
// floating-point control word, files in memory.

/// Whether the processor and the operating system both support AVX2, FMA and their companions
/// (the level x86-64-v3).
bool csystem_supports_avx2(void);

/// Whether the processor and the operating system both support AVX-512 F, BW, CD, DQ and VL
/// (the level x86-64-v4).
bool csystem_supports_avx512(void);

/// Whether the processor has instructions for SHA-256.
bool csystem_supports_sha256(void);

/// Takes `blocks` blocks of 64 bytes into the eight words of a SHA-256 state (FIPS 180-4), with the
/// processor's instructions; only where `csystem_supports_sha256`.
void csystem_sha256(uint32_t *state, const uint8_t *bytes, size_t blocks);

/// Copies the processor's name, at most `capacity` bytes with the final zero.
void csystem_processor_name(char *buffer, int capacity);

/// The number of processors that this process may run on.
int csystem_usable_processors(void);

/// Writes a bit for each processor that this process may run on.
void csystem_processor_mask(uint8_t *mask, size_t bytes);

/// Sleeps while `*word == expected`. May return early.
void csystem_futex_wait(const uint32_t *word, uint32_t expected);

/// Sleeps while `*word == expected`, and no longer than so many nanoseconds. May return early.
/// `shared`: for memory that other processes see.
void csystem_futex_wait_for(const uint32_t *word, uint32_t expected, int64_t nanoseconds,
                            bool shared);

/// Lets this thread's sleeps end within a microsecond of their time, in place of the usual fifty.
void csystem_sleep_exactly(void);

/// Wakes up to `count` threads that sleep on `word`, of any process if it is `shared`.
void csystem_futex_wake(const uint32_t *word, int count, bool shared);

/// One turn of a spinning loop.
static inline void csystem_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Gives a file another name below the folders, which are open; 0 if that is done. A name that is
/// taken is an error (EEXIST), and so is a file system that cannot look and rename in one step
/// (EINVAL, ENOSYS).
int csystem_rename_exclusively(int old_folder, const char *old_name, int new_folder,
                               const char *new_name);

/// Opens an empty file without a name that lies in memory; -1 and errno if the system has none.
int csystem_memory_file(void);

/// Lets all threads take memory from one heap, where each would else reserve 64 MB of addresses.
void csystem_share_heap(void);

/// Makes this thread flush denormal numbers to zero; returns the former control word.
uint64_t csystem_flush_denormals(void);

/// Gives this thread its former control word back.
void csystem_restore_float_control(uint64_t former);

#endif
