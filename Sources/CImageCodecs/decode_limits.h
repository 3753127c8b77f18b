#ifndef CIMAGE_DECODE_LIMITS_H
#define CIMAGE_DECODE_LIMITS_H

#include <stdbool.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

// Limits of both decoders, kept before anything is allocated.

/// What a decoder may allocate for itself, whatever the picture's size.
#define CIMAGE_MEMORY_BASE (16 << 20)
/// The most memory for the coefficients of a JPEG of several scans.
#define CIMAGE_MAX_COEFFICIENT_BYTES (512 << 20)
/// The most bytes that one compressed byte of a PNG can become: deflate's longest match, 258
/// bytes, in its shortest code, two bits.
#define CIMAGE_MAX_EXPANSION 1032

/// The processor time of the calling thread for one picture of up to 64 million pixels, and as
/// many times more as the limit of pixels is higher. Nothing but work for its own sake comes near
/// it: the other limits bound the work, so that verdicts do not depend on the machine.
#ifndef CIMAGE_MAX_SECONDS
#define CIMAGE_MAX_SECONDS 10
#endif

/// Says that a picture has more pixels than the limit, and which limit would do.
static inline void cimage_tell_pixels(char *message, size_t size, int64_t width, int64_t height,
                                      int64_t limit) {
  snprintf(message, size,
           "%" PRId64 " x %" PRId64 " are %" PRId64 " pixels, more than the limit of %" PRId64
           "; --max-pixels %" PRId64 " reads it",
           width, height, width * height, limit, width * height);
}

/// Seconds of processor time of one operation.
typedef struct {
  double start, limit;
} cimage_deadline;

static inline double cimage_processor_seconds(void) {
  struct timespec now = {0};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/// Whether the time is over. The clock starts with the first call, as looking at it costs more
/// than a small picture's header.
static inline bool cimage_is_late(cimage_deadline *deadline, int64_t max_pixels) {
  double now = cimage_processor_seconds();
  if (deadline->limit == 0) {
    double scale = (double)max_pixels / 64e6;
    deadline->start = now;
    deadline->limit = CIMAGE_MAX_SECONDS * (scale > 1 ? scale : 1);
  }
  return now - deadline->start > deadline->limit;
}

#endif
