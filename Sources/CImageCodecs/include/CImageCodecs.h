#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H
#include <stddef.h>
#include <stdint.h>

#include "CImageCodecs_encode.h"
#include "CImageCodecs_opened.h"
#include "CImageCodecs_result.h"

// JPEG and PNG files in memory to 8-bit RGB. Every function is one whole operation with one
// setjmp frame; nothing of the libraries survives the call, nothing is printed.

/// The most scans of a JPEG; more exist to waste time.
#define CIMAGE_MAX_SCANS 100

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
