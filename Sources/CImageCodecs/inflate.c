#include "CImageCodecs.h"

#include <zlib.h>

int64_t cimage_inflate(const uint8_t *packed, size_t count, uint8_t *bytes, size_t capacity) {
  uLongf length = (uLongf)capacity;
  return uncompress(bytes, &length, packed, (uLong)count) == Z_OK ? (int64_t)length : -1;
}
