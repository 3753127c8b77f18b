#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H
#include <stddef.h>
#include <stdint.h>

#include "CImageCodecs_encode.h"

// JPEG and PNG files in memory to 8-bit RGB. Every function is one whole operation with one
// setjmp frame; nothing of the libraries survives the call, nothing is printed.

/// The most scans of a JPEG; more exist to waste time.
#define CIMAGE_MAX_SCANS 100

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
} cimage_status;

/// What an operation found.
typedef struct {
  cimage_status status;
  int32_t width, height;
  /// Warnings of the library, those that leave the picture whole among them.
  int32_t warnings;
  /// Bytes of nothing between the parts of a JPEG, or behind its last block.
  int32_t stray_bytes;
  /// The library's message for anything but CIMAGE_OK, ended by a zero.
  char message[200];
} cimage_result;

/// Reads the header of a JPEG: `width` and `height` of the result.
cimage_result cimage_jpeg_probe(const uint8_t *bytes, size_t count, int64_t max_pixels);

/// Decodes a JPEG to `capacity` bytes at `pixels`, 3 * width * height of them used. `shrink` is 1,
/// 2, 4 or 8: the sides of the result are the picture's divided by it and rounded up, each pixel
/// about the mean of those it stands for, for a fraction of the work.
/// CMYK and YCCK are turned to RGB as Pillow does. Any warning about the blocks refuses the file.
cimage_result cimage_jpeg_decode(const uint8_t *bytes, size_t count, int64_t max_pixels,
                                 int32_t shrink, uint8_t *pixels, size_t capacity);

/// Reads the header of a PNG: `width` and `height` of the result.
cimage_result cimage_png_probe(const uint8_t *bytes, size_t count, int64_t max_pixels);

/// Decodes a PNG to `capacity` bytes at `pixels`, 3 * width * height of them used.
/// Alpha is dropped, 16 bits are scaled to 8.
cimage_result cimage_png_decode(
    const uint8_t *bytes, size_t count, int64_t max_pixels, uint8_t *pixels, size_t capacity);

/// Unpacks a zlib stream to `capacity` bytes at `bytes`: how many there are, or -1 where the stream is
/// broken or holds more.
int64_t cimage_inflate(const uint8_t *packed, size_t count, uint8_t *bytes, size_t capacity);

/// Unpacks a deflated stream without zlib's header, as in zip archives: how many bytes there are, or -1
/// where the stream is broken, ends before `count` bytes or holds more than `capacity`.
int64_t cimage_unpack(const uint8_t *packed, size_t count, uint8_t *bytes, size_t capacity);

/// Goes on with the CRC-32 of zip archives, which begins with 0.
uint32_t cimage_crc32(uint32_t sum, const uint8_t *bytes, size_t count);

/// The versions of the libraries, such as "libjpeg-turbo 2.1.5" and "libpng 1.6.39".
const char *cimage_jpeg_version(void);
const char *cimage_png_version(void);

#endif
