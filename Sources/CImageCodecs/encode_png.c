#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs_encode.h"

/// Everything that must outlive a jump. It lies on the heap, so that no value is lost in a register.
typedef struct {
  png_structp codec;
  png_infop info;
  uint8_t *next;
  size_t left;
  cimage_encode_status status;
  char text[160];
} png_encoding;

static void leave(png_structp codec, png_const_charp text) {
  png_encoding *state = png_get_error_ptr(codec);
  snprintf(state->text, sizeof state->text, "%s", text);
  png_longjmp(codec, 1);
}

/// Warnings are not for standard error.
static void ignore(png_structp codec, png_const_charp text) {
  (void)codec;
  (void)text;
}

static void append(png_structp codec, png_bytep bytes, png_size_t count) {
  png_encoding *state = png_get_io_ptr(codec);
  if (count > state->left) {
    state->status = CIMAGE_ENCODE_BUFFER_TOO_SMALL;
    png_error(codec, "the buffer is too small for the file");
  }
  memcpy(state->next, bytes, count);
  state->next += count;
  state->left -= count;
}

static void flush(png_structp codec) { (void)codec; }

cimage_encode_status cimage_encode_png(const uint8_t *pixels, int width, int height, int channels,
                                       int level, uint8_t *buffer, size_t capacity, size_t *length,
                                       char *message, size_t message_size) {
  *length = 0;
  if (message_size > 0) message[0] = 0;
  if (width < 1 || height < 1 || (channels != 1 && channels != 3 && channels != 4) || level < 0 ||
      level > 9) {
    snprintf(message, message_size, "no PNG of %d x %d pixels, %d channels, level %d", width,
             height, channels, level);
    return CIMAGE_ENCODE_BAD_ARGUMENT;
  }
  png_encoding *state = calloc(1, sizeof *state);
  if (!state) {
    snprintf(message, message_size, "out of memory");
    return CIMAGE_ENCODE_OUT_OF_MEMORY;
  }
  state->status = CIMAGE_ENCODE_OUT_OF_MEMORY;
  snprintf(state->text, sizeof state->text, "out of memory");
  state->next = buffer;
  state->left = capacity;
  state->codec = png_create_write_struct(PNG_LIBPNG_VER_STRING, state, leave, ignore);
  if (state->codec) state->info = png_create_info_struct(state->codec);
  if (state->info) {
    state->status = CIMAGE_ENCODE_FAILED;
    if (setjmp(png_jmpbuf(state->codec)) == 0) {
      png_set_write_fn(state->codec, state, append, flush);
      int colour = channels == 1   ? PNG_COLOR_TYPE_GRAY
                   : channels == 3 ? PNG_COLOR_TYPE_RGB
                                   : PNG_COLOR_TYPE_RGB_ALPHA;
      png_set_IHDR(state->codec, state->info, (png_uint_32)width, (png_uint_32)height, 8, colour,
                   PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      png_set_compression_level(state->codec, level);
      png_write_info(state->codec, state->info);
      for (int row = 0; row < height; row++)
        png_write_row(state->codec, pixels + (size_t)row * (size_t)width * (size_t)channels);
      png_write_end(state->codec, state->info);
      *length = capacity - state->left;
      state->status = CIMAGE_ENCODE_OK;
    }
  }
  cimage_encode_status status = state->status;
  if (status != CIMAGE_ENCODE_OK) snprintf(message, message_size, "%s", state->text);
  png_destroy_write_struct(&state->codec, &state->info);
  free(state);
  return status;
}
