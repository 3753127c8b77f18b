#include "CImageCodecs.h"

#include <zlib.h>

int64_t cimage_inflate(const uint8_t *packed, size_t count, uint8_t *bytes, size_t capacity) {
  uLongf length = (uLongf)capacity;
  return uncompress(bytes, &length, packed, (uLong)count) == Z_OK ? (int64_t)length : -1;
}

// zlib counts what it is given in 32 bits.
static uInt piece(size_t count) { return count < 1u << 30 ? (uInt)count : 1u << 30; }

int64_t cimage_unpack(const uint8_t *packed, size_t count, uint8_t *bytes, size_t capacity) {
  z_stream stream = {.next_in = (Bytef *)packed, .next_out = bytes};
  // Negative: no header and no sum around the stream.
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return -1;
  int status = Z_OK;
  while (status == Z_OK) {
    const size_t left = count - (size_t)(stream.next_in - packed);
    const size_t room = capacity - (size_t)(stream.next_out - bytes);
    stream.avail_in = piece(left);
    stream.avail_out = piece(room);
    // Without progress the answer is Z_BUF_ERROR.
    status = inflate(&stream, Z_NO_FLUSH);
  }
  const int whole = status == Z_STREAM_END && stream.next_in == packed + count;
  const int64_t length = stream.next_out - bytes;
  inflateEnd(&stream);
  return whole ? length : -1;
}

uint32_t cimage_crc32(uint32_t sum, const uint8_t *bytes, size_t count) {
  return (uint32_t)crc32_z(sum, bytes, count);
}
