#ifndef CIMAGECODECS_RESULT_H
#define CIMAGECODECS_RESULT_H
#include <stddef.h>
#include <stdint.h>

// What every decoder says of a file, and the limits that all of them keep.

/// The longest side of a picture.
#define CIMAGE_MAX_SIDE 32768

/// How an operation ended.
typedef enum {
  CIMAGE_OK = 0,
  /// More pixels, scans or memory than the limits allow.
  CIMAGE_TOO_LARGE = 1,
  /// A valid file of a kind that is not read.
  CIMAGE_UNSUPPORTED = 2,
  /// The bytes end before the picture does.
  CIMAGE_TRUNCATED = 3,
  /// The bytes contradict themselves.
  CIMAGE_DAMAGED = 4,
  /// No memory for the library's own work.
  CIMAGE_NO_MEMORY = 5,
  /// More processor time than the limit.
  CIMAGE_TOO_SLOW = 6,
  /// The library that decodes such files is not installed, or too old.
  CIMAGE_NO_LIBRARY = 7,
  /// The library is there, but has no decoder for what is in the file.
  CIMAGE_NO_DECODER = 8,
} cimage_status;

/// Peculiarities that only the library tells.
typedef enum {
  CIMAGE_HAS_ALPHA = 1,
  /// More than 8 bits per channel.
  CIMAGE_IS_DEEP = 2,
  CIMAGE_HAS_SEVERAL = 4,
  /// A colour profile, which is ignored.
  CIMAGE_HAS_PROFILE = 8,
} cimage_traits;

/// What an operation found.
typedef struct {
  cimage_status status;
  int32_t width, height;
  /// Warnings of the library, those that leave the picture whole among them.
  int32_t warnings;
  /// Bytes of nothing between the parts of a JPEG, or behind its last block.
  int32_t stray_bytes;
  /// A sum of `cimage_traits`.
  uint32_t traits;
  /// The library's message for anything but CIMAGE_OK, ended by a zero.
  char message[200];
} cimage_result;

/// The sides as a result, or the failure of sides that have no pixels or more than the limits.
cimage_result cimage_check_sides(int64_t width, int64_t height, int64_t max_pixels);

#endif
