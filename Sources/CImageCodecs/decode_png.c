#include "CImageCodecs.h"
#include "decode_limits.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// Bytes of the file, and rows, from one look at the clock to the next.
enum { LOOK_EVERY = 1 << 18, ROWS_EVERY = 256 };

// Compressed bytes that may stand behind the last row: with it, libpng unpacks all there are.
enum { BEHIND_ROWS = 1 << 14 };

// Names of chunks as libpng tells them.
#define PNG_IDAT_NAME 0x49444154u
#define PNG_IEND_NAME 0x49454E44u

// Everything that lives between setjmp and longjmp, on the heap so that its values are defined
// after the jump.
typedef struct {
  png_structp codec;
  png_infop info;
  const uint8_t *bytes;
  size_t count, position, next_look, last_row_bytes;
  bool in_last_row;
  // Whether all rows are there, and how many bytes of an end of ours were handed out for lack of
  // the file's.
  bool has_rows;
  size_t end_position;
  int64_t max_pixels;
  cimage_deadline deadline;
  cimage_result result;
} png_operation;

static void fail(png_operation *operation, cimage_status status, const char *message) {
  operation->result.status = status;
  strncpy(operation->result.message, message, sizeof operation->result.message - 1);
  png_longjmp(operation->codec, 1);
}

static void on_error(png_structp codec, png_const_charp message) {
  png_operation *operation = png_get_error_ptr(codec);
  // Our end came where the library still wanted rows.
  cimage_status status = operation->end_position ? CIMAGE_TRUNCATED : CIMAGE_DAMAGED;
  if (strstr(message, "memory")) status = CIMAGE_NO_MEMORY;
  operation->codec = codec;  // libpng may fail before it has returned the pointer
  fail(operation, status, message);
}

// Warnings about the compressed pixels mean damage, unless they are about bytes behind the end of
// the compressed stream. Sides beyond the limit come as a warning before an error that does not
// name them.
static void on_warning(png_structp codec, png_const_charp message) {
  png_operation *operation = png_get_error_ptr(codec);
  operation->result.warnings++;
  if (strstr(message, "exceeds user limit")) {
    operation->codec = codec;
    fail(operation, CIMAGE_TOO_LARGE, "a side is longer than 32768 pixels");
  }
  if (strncmp(message, "IDAT: ", 6) == 0 && !strstr(message, "xtra compressed data")) {
    operation->codec = codec;
    fail(operation, CIMAGE_DAMAGED, message);
  }
}

static void look_at_clock(png_operation *operation) {
  if (cimage_is_late(&operation->deadline, operation->max_pixels))
    fail(operation, CIMAGE_TOO_SLOW, "decoding takes too much time");
}

// The chunk that ends every PNG: its length, its name, its checksum.
static const uint8_t end_chunk[12] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};

// Whether the file's chunk that ends it has begun before the position, without contents.
static bool is_behind_end_name(const png_operation *operation) {
  return png_get_io_chunk_type(operation->codec) == PNG_IEND_NAME && operation->position >= 8 &&
         memcmp(operation->bytes + operation->position - 8, end_chunk, 8) == 0;
}

// What is wrong behind the last row hurts no pixel: a file that ends there, in the name of a chunk or
// in one that says nothing of the pixels, is given an end, and the end's own checksum counts for
// nothing. The library reads the compressed data to their end before it looks at any of this.
static bool read_end(png_operation *operation, png_bytep target, size_t count) {
  bool is_name = png_get_io_state(operation->codec) & PNG_IO_CHUNK_HDR;
  bool is_checksum = png_get_io_state(operation->codec) & PNG_IO_CHUNK_CRC;
  bool is_short = count > operation->count - operation->position;
  if (!operation->end_position && is_checksum && count == 4 && is_behind_end_name(operation)) {
    memcpy(target, end_chunk + 8, 4);
    operation->position += is_short ? operation->count - operation->position : 4;
    return true;
  }
  if (!operation->end_position && !(is_short && is_name && count == 8)) return false;
  if (count > sizeof end_chunk - operation->end_position) return false;
  memcpy(target, end_chunk + operation->end_position, count);
  operation->end_position += count;
  return true;
}

static void read_bytes(png_structp codec, png_bytep target, size_t count) {
  png_operation *operation = png_get_io_ptr(codec);
  if (operation->in_last_row && read_end(operation, target, count)) return;
  if (count > operation->count - operation->position) {
    // In a chunk behind the rows.
    if (operation->has_rows && png_get_io_chunk_type(codec) != PNG_IDAT_NAME)
      png_longjmp(codec, 1);
    fail(operation, CIMAGE_TRUNCATED, "the file ends before the picture does");
  }
  memcpy(target, operation->bytes + operation->position, count);
  operation->position += count;
  if (operation->in_last_row && png_get_io_chunk_type(codec) == PNG_IDAT_NAME) {
    if (count > operation->last_row_bytes)
      fail(operation, CIMAGE_DAMAGED, "compressed data behind the last row");
    operation->last_row_bytes -= count;
  }
  if (operation->position >= operation->next_look) {
    operation->next_look = operation->position + LOOK_EVERY;
    look_at_clock(operation);
  }
}

static void start(png_operation *operation, int64_t max_pixels) {
  png_structp codec = operation->codec;
  operation->max_pixels = max_pixels;
  operation->next_look = LOOK_EVERY;
  png_set_read_fn(codec, operation, read_bytes);
  // Nothing of them is used: their checksums are not even computed.
  png_set_crc_action(codec, PNG_CRC_ERROR_QUIT, PNG_CRC_QUIET_USE);
  png_set_user_limits(codec, CIMAGE_MAX_SIDE, CIMAGE_MAX_SIDE);
  png_set_chunk_cache_max(codec, 128);
  png_set_chunk_malloc_max(codec, 1 << 20);
  // Nothing but IHDR, PLTE, IDAT and IEND is read. Transparency changes no colour, as alpha is
  // dropped; EXIF data is looked up elsewhere.
  png_set_keep_unknown_chunks(codec, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_keep_unknown_chunks(codec, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "tRNS", 1);
  png_read_info(codec, operation->info);
  int64_t width = png_get_image_width(codec, operation->info);
  int64_t height = png_get_image_height(codec, operation->info);
  if (width * height > max_pixels) {
    char message[sizeof operation->result.message];
    cimage_tell_pixels(message, sizeof message, width, height, max_pixels);
    fail(operation, CIMAGE_TOO_LARGE, message);
  }
  // Of any interlacing, every pixel has its bits somewhere.
  int64_t bits = (int64_t)png_get_channels(codec, operation->info) *
                 png_get_bit_depth(codec, operation->info);
  if ((width * bits + 7) / 8 * height / CIMAGE_MAX_EXPANSION > (int64_t)operation->count)
    fail(operation, CIMAGE_TRUNCATED, "so few bytes cannot hold so large a picture");
  operation->result.width = (int32_t)width;
  operation->result.height = (int32_t)height;
}

static void decode(png_operation *operation, uint8_t *pixels, size_t capacity) {
  png_structp codec = operation->codec;
  png_infop info = operation->info;
  size_t row = 3 * (size_t)operation->result.width;
  size_t height = (size_t)operation->result.height;
  if (capacity < row * height) fail(operation, CIMAGE_NO_MEMORY, "the buffer is too small");
  int colour = png_get_color_type(codec, info);
  int depth = png_get_bit_depth(codec, info);
  operation->last_row_bytes = BEHIND_ROWS + 2 * png_get_rowbytes(codec, info);
  if (depth == 16) png_set_scale_16(codec);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(codec);
  if (!(colour & PNG_COLOR_MASK_COLOR)) {
    if (depth < 8) png_set_expand_gray_1_2_4_to_8(codec);
    png_set_gray_to_rgb(codec);
  }
  if (colour & PNG_COLOR_MASK_ALPHA) png_set_strip_alpha(codec);
  int passes = png_set_interlace_handling(codec);
  png_read_update_info(codec, info);
  if (png_get_rowbytes(codec, info) != row)
    fail(operation, CIMAGE_UNSUPPORTED, "the colours cannot be turned to RGB");
  // Of an interlaced picture the last pass holds the odd rows, if there are any.
  int last_pass = passes > 1 && height > 1 ? passes - 1 : 0;
  size_t last_row = passes > 1 && height > 1 ? (height - 2) | 1 : height - 1;
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < height; y++) {
      if (pass == last_pass && y == last_row) operation->in_last_row = true;
      if ((y + 1) % ROWS_EVERY == 0) look_at_clock(operation);
      png_read_row(codec, pixels + y * row, NULL);
    }
  operation->has_rows = true;
  png_read_end(codec, NULL);
}

static cimage_result run(const uint8_t *bytes, size_t count, int64_t max_pixels, uint8_t *pixels,
                         size_t capacity) {
  cimage_result result = {.status = CIMAGE_NO_MEMORY, .message = "no memory for the decoder"};
  png_operation *const operation = calloc(1, sizeof *operation);
  if (!operation) return result;
  operation->bytes = bytes;
  operation->count = count;
  operation->codec =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, operation, on_error, on_warning);
  if (operation->codec) operation->info = png_create_info_struct(operation->codec);
  if (operation->info) {
    if (setjmp(png_jmpbuf(operation->codec)) == 0) {
      start(operation, max_pixels);
      if (pixels) decode(operation, pixels, capacity);
    }
    result = operation->result;
  }
  png_destroy_read_struct(&operation->codec, &operation->info, NULL);
  free(operation);
  return result;
}

cimage_result cimage_png_probe(const uint8_t *bytes, size_t count, int64_t max_pixels) {
  return run(bytes, count, max_pixels, NULL, 0);
}

cimage_result cimage_png_decode(const uint8_t *bytes, size_t count, int64_t max_pixels,
                                uint8_t *pixels, size_t capacity) {
  return run(bytes, count, max_pixels, pixels, capacity);
}

const char *cimage_png_version(void) { return "libpng " PNG_LIBPNG_VER_STRING; }
