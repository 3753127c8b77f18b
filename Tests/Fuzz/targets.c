// The fuzzer's entry points. One program holds all targets: the name it is started by says which.

#include "CImageCodecs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PIXELS = 1000000 };

int fuzz_jpeg(const uint8_t *bytes, size_t count);
int fuzz_png(const uint8_t *bytes, size_t count);
int fuzz_facts(const uint8_t *bytes, size_t count);
int fuzz_bmp(const uint8_t *bytes, size_t count);
int fuzz_gif(const uint8_t *bytes, size_t count);
int fuzz_webp(const uint8_t *bytes, size_t count);
int fuzz_heif(const uint8_t *bytes, size_t count);

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t count, size_t capacity);
int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t count, size_t capacity, unsigned int seed);

static void check(bool holds, const char *property) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", property);
  abort();
}

// A shrink of 0 stands for a PNG.
static cimage_result decode(const uint8_t *bytes, size_t count, int32_t shrink, uint8_t *pixels,
                            size_t capacity) {
  return shrink ? cimage_jpeg_decode(bytes, count, MAX_PIXELS, shrink, pixels, capacity)
                : cimage_png_decode(bytes, count, MAX_PIXELS, pixels, capacity);
}

// Over two different backgrounds the pixels are the same, so none is left out; the buffer has the
// size that is needed, so a byte beyond it is seen.
static void check_decoder(const uint8_t *bytes, size_t count, int32_t shrink) {
  cimage_result probe = shrink ? cimage_jpeg_probe(bytes, count, MAX_PIXELS)
                               : cimage_png_probe(bytes, count, MAX_PIXELS);
  check(memchr(probe.message, 0, sizeof probe.message), "messages end");
  if (probe.status != CIMAGE_OK) return;
  int32_t divisor = shrink ? shrink : 1;
  int32_t width = (probe.width + divisor - 1) / divisor;
  int32_t height = (probe.height + divisor - 1) / divisor;
  check(width > 0 && height > 0, "sides have pixels");
  check((int64_t)width * height <= MAX_PIXELS, "the limit of pixels");
  size_t size = 3 * (size_t)width * (size_t)height;
  uint8_t *first = malloc(size), *second = malloc(size);
  check(first && second, "memory");
  memset(first, 0x00, size);
  memset(second, 0xFF, size);
  cimage_result one = decode(bytes, count, shrink, first, size);
  cimage_result two = decode(bytes, count, shrink, second, size);
  check(one.status == two.status && !strcmp(one.message, two.message), "one verdict");
  if (one.status == CIMAGE_OK) {
    check(one.width == width && one.height == height, "the header's size");
    check(memcmp(first, second, size) == 0, "every pixel is written");
    check(decode(bytes, count, shrink, first, size - 1).status == CIMAGE_NO_MEMORY, "capacity");
  }
  free(first);
  free(second);
}

// The C functions alone, on bytes of any kind, and nothing printed by the libraries.
static int fuzz_codecs(const uint8_t *bytes, size_t count) {
  FILE *const terminal = stderr;
  char *text = NULL;
  size_t length = 0;
  stderr = open_memstream(&text, &length);
  if (count > 1 && bytes[0] == 0xFF) {
    check_decoder(bytes, count, 1);
    check_decoder(bytes, count, 2);
    check_decoder(bytes, count, 8);
  } else {
    check_decoder(bytes, count, 0);
  }
  fclose(stderr);
  stderr = terminal;
  check(length == 0, "the libraries print nothing");
  free(text);
  return 0;
}

static int (*target)(const uint8_t *bytes, size_t count);

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count;
  const char *path = (*words)[0], *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  if (!strcmp(name, "jpeg")) target = fuzz_jpeg;
  if (!strcmp(name, "png")) target = fuzz_png;
  if (!strcmp(name, "facts")) target = fuzz_facts;
  if (!strcmp(name, "bmp")) target = fuzz_bmp;
  if (!strcmp(name, "gif")) target = fuzz_gif;
  if (!strcmp(name, "webp")) target = fuzz_webp;
  if (!strcmp(name, "heif")) target = fuzz_heif;
  if (!strcmp(name, "codecs")) target = fuzz_codecs;
  check(target, "the program is named for a target");
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) { return target(bytes, count); }

static uint32_t checksum(const uint8_t *bytes, size_t count) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// Mutants of a PNG get right checksums, most of them: else nearly all would end at the first chunk.
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t count, size_t capacity, unsigned int seed) {
  count = LLVMFuzzerMutate(bytes, count, capacity);
  if (count < 8 || bytes[0] != 0x89 || seed % 16 == 0) return count;
  for (size_t at = 8; count - at >= 12;) {
    size_t length = big_endian(bytes + at);
    if (length > count - at - 12) break;
    uint32_t crc = checksum(bytes + at + 4, length + 4);
    for (int i = 0; i < 4; i++) bytes[at + 8 + length + i] = (uint8_t)(crc >> (24 - 8 * i));
    at += 12 + length;
  }
  return count;
}
