#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "CImageCodecs_encode.h"

/// Everything that must outlive a jump. It lies on the heap, so that no value is lost in a register.
typedef struct {
  struct jpeg_compress_struct codec;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr destination;
  jmp_buf frame;
  int created;
  cimage_encode_status status;
  char text[JMSG_LENGTH_MAX];
} jpeg_encoding;

size_t cimage_encode_bound(int width, int height, int channels) {
  if (width < 1 || height < 1 || channels < 1) return 0;
  // Coded blocks of 8 or 16 pixels can be larger than the pixels; tables and headers come on top.
  size_t across = ((size_t)width + 15) / 16 * 16, down = ((size_t)height + 15) / 16 * 16;
  return across * down * (size_t)channels * 2 + 16384;
}

static void leave(j_common_ptr codec) {
  jpeg_encoding *state = codec->client_data;
  (*codec->err->format_message)(codec, state->text);
  longjmp(state->frame, 1);
}

/// Warnings and traces are not for standard error.
static void ignore(j_common_ptr codec) { (void)codec; }

static void start(j_compress_ptr codec) { (void)codec; }

static boolean overflow(j_compress_ptr codec) {
  jpeg_encoding *state = codec->client_data;
  state->status = CIMAGE_ENCODE_BUFFER_TOO_SMALL;
  ERREXIT(codec, JERR_BUFFER_SIZE);
  return FALSE;
}

cimage_encode_status cimage_encode_jpeg(const uint8_t *pixels, int width, int height, int channels,
                                        int quality, uint8_t *buffer, size_t capacity,
                                        size_t *length, char *message, size_t message_size) {
  *length = 0;
  if (message_size > 0) message[0] = 0;
  if (width < 1 || height < 1 || width > 65500 || height > 65500 ||
      (channels != 1 && channels != 3) || quality < 1 || quality > 100 || capacity == 0) {
    snprintf(message, message_size, "no JPEG of %d x %d pixels, %d channels, quality %d", width,
             height, channels, quality);
    return CIMAGE_ENCODE_BAD_ARGUMENT;
  }
  jpeg_encoding *state = calloc(1, sizeof *state);
  if (!state) {
    snprintf(message, message_size, "out of memory");
    return CIMAGE_ENCODE_OUT_OF_MEMORY;
  }
  state->status = CIMAGE_ENCODE_FAILED;
  state->codec.err = jpeg_std_error(&state->errors);
  state->errors.error_exit = leave;
  state->errors.output_message = ignore;
  if (setjmp(state->frame) == 0) {
    state->codec.client_data = state;
    jpeg_create_compress(&state->codec);
    state->created = 1;
    state->destination.init_destination = start;
    state->destination.empty_output_buffer = overflow;
    state->destination.term_destination = start;
    state->destination.next_output_byte = buffer;
    state->destination.free_in_buffer = capacity;
    state->codec.dest = &state->destination;
    state->codec.image_width = (JDIMENSION)width;
    state->codec.image_height = (JDIMENSION)height;
    state->codec.input_components = channels;
    state->codec.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&state->codec);
    jpeg_set_quality(&state->codec, quality, TRUE);
    state->codec.optimize_coding = TRUE;
    jpeg_start_compress(&state->codec, TRUE);
    while (state->codec.next_scanline < state->codec.image_height) {
      size_t row = state->codec.next_scanline;
      // libjpeg only reads the row, whatever its type says.
      JSAMPROW line = (JSAMPROW)(pixels + row * (size_t)width * (size_t)channels);
      jpeg_write_scanlines(&state->codec, &line, 1);
    }
    jpeg_finish_compress(&state->codec);
    *length = capacity - state->destination.free_in_buffer;
    state->status = CIMAGE_ENCODE_OK;
  } else {
    snprintf(message, message_size, "%s", state->text);
  }
  cimage_encode_status status = state->status;
  if (state->created) jpeg_destroy_compress(&state->codec);
  free(state);
  return status;
}
