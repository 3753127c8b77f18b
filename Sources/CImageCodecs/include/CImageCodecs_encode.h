#ifndef CIMAGECODECS_ENCODE_H
#define CIMAGECODECS_ENCODE_H

#include <stddef.h>
#include <stdint.h>

/// How an encoding ended.
typedef enum {
  CIMAGE_ENCODE_OK = 0,
  /// A size, a quality or a count of channels that the format does not have.
  CIMAGE_ENCODE_BAD_ARGUMENT = 1,
  CIMAGE_ENCODE_OUT_OF_MEMORY = 2,
  /// The buffer is shorter than the file; nothing in it is of use.
  CIMAGE_ENCODE_BUFFER_TOO_SMALL = 3,
  /// The library refused; its words are in the message.
  CIMAGE_ENCODE_FAILED = 4,
} cimage_encode_status;

/// A buffer size that holds the JPEG or PNG file of any picture of this size.
size_t cimage_encode_bound(int width, int height, int channels);

/// Encodes rows of 8-bit grey (1 channel) or RGB (3 channels), without padding, as a baseline JPEG
/// file in the caller's buffer. `quality` is libjpeg's, 1 to 100. `length` receives the bytes
/// written; `message` receives a sentence when the status is not OK and is always terminated.
cimage_encode_status cimage_encode_jpeg(const uint8_t *pixels, int width, int height, int channels,
                                        int quality, uint8_t *buffer, size_t capacity,
                                        size_t *length, char *message, size_t message_size);

/// The same for PNG, with 1 (grey), 3 (RGB) or 4 (RGB and opacity) channels. `level` is zlib's
/// compression, 0 to 9.
cimage_encode_status cimage_encode_png(const uint8_t *pixels, int width, int height, int channels,
                                       int level, uint8_t *buffer, size_t capacity, size_t *length,
                                       char *message, size_t message_size);

#endif
