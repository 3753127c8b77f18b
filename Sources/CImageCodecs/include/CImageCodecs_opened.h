#ifndef CIMAGECODECS_OPENED_H
#define CIMAGECODECS_OPENED_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CImageCodecs_result.h"

// WebP, HEIC and AVIF files in memory to 8-bit RGB, by libraries of the system that are opened when
// the first such file is met: the program neither needs them to be built nor to start. `library` is
// what the dynamic linker calls the library, such as "libwebp.so.7". Once opened it stays open.
// Functions may be called on any thread.

/// Reads the header of a WebP of one picture: sides and traits of the result.
cimage_result cimage_webp_probe(
    const char *library, const uint8_t *bytes, size_t count, int64_t max_pixels);

/// Decodes a WebP of one picture to `capacity` bytes at `pixels`, 3 * width * height of them used.
/// Alpha is dropped.
cimage_result cimage_webp_decode(const char *library, const uint8_t *bytes, size_t count,
                                 int64_t max_pixels, uint8_t *pixels, size_t capacity);

/// Reads the header of a HEIC or an AVIF: sides and traits of its primary picture, turned and cut as
/// the file says.
cimage_result cimage_heif_probe(
    const char *library, const uint8_t *bytes, size_t count, int64_t max_pixels);

/// Decodes the primary picture of a HEIC or an AVIF, turned and cut as the file says, to `capacity`
/// bytes at `pixels`, 3 * width * height of them used. Alpha is dropped, more than 8 bits are scaled
/// to 8.
cimage_result cimage_heif_decode(const char *library, const uint8_t *bytes, size_t count,
                                 int64_t max_pixels, uint8_t *pixels, size_t capacity);

/// Lets C's standard error lead nowhere once a library is opened, as some decoders tell it what they
/// think of a damaged file. For a process that does not use it, at its start.
void cimage_quiet(void);

/// The version of libwebp and of libheif, 256 to the place: 0x010F01 is 1.15.1. 0 where the library is
/// not there, is too old or, unless `opens`, has not been opened.
int32_t cimage_webp_version(const char *library, bool opens);
int32_t cimage_heif_version(const char *library, bool opens);

#endif
