#include "CImageCodecs.h"
#include "decode_limits.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)

// Everything that lives between setjmp and longjmp, on the heap so that its values are defined
// after the jump.
typedef struct {
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf exit;
  cimage_result result;
  cimage_deadline deadline;
  int64_t max_pixels;
  int calls;
  // Whether rows are being decoded, and whether the bytes have ended meanwhile.
  bool in_rows, is_cut;
  const uint8_t *bytes;
  size_t count;
  uint8_t *line;
} jpeg_operation;

static jpeg_operation *operation_of(j_common_ptr codec) { return codec->client_data; }

static void fail(jpeg_operation *operation, cimage_status status, const char *message) {
  operation->result.status = status;
  strncpy(operation->result.message, message, sizeof operation->result.message - 1);
  longjmp(operation->exit, 1);
}

static void fail_for_pixels(jpeg_operation *operation, int64_t width, int64_t height) {
  char message[sizeof operation->result.message];
  cimage_tell_pixels(message, sizeof message, width, height, operation->max_pixels);
  fail(operation, CIMAGE_TOO_LARGE, message);
}

static void fail_with_library_message(j_common_ptr codec, cimage_status status) {
  char message[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, message);
  fail(operation_of(codec), status, message);
}

// Whether the stray bytes that the library has just stepped over are all the same.
static bool is_filling(const jpeg_operation *operation, int count) {
  // At the end of the bytes the library reads an end of its own.
  const uint8_t *start = operation->bytes;
  const uint8_t *end =
      operation->is_cut ? start + operation->count : operation->codec.src->next_input_byte;
  if (end < start || end > start + operation->count || count < 1 || count > end - start)
    return false;
  for (int i = 2; i <= count; i++)
    if (end[-i] != end[-1]) return false;
  return true;
}

// Whether a marker is one of those that stand between blocks.
static bool is_restart(int marker) { return marker >= 0xD0 && marker <= 0xD7; }

static void on_error(j_common_ptr codec) {
  switch (codec->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
      fail_with_library_message(codec, CIMAGE_NO_MEMORY);
      break;
    case JERR_NO_BACKING_STORE:
      fail(operation_of(codec), CIMAGE_TOO_LARGE, "decoding needs more memory than the limit");
      break;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
      fail_with_library_message(codec, CIMAGE_TOO_LARGE);
      break;
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
      fail_with_library_message(codec, CIMAGE_UNSUPPORTED);
      break;
    case JERR_EMPTY_IMAGE:
      // A height of 0 promises a marker that tells it after the first scan.
      fail_with_library_message(codec, ((j_decompress_ptr)codec)->image_width
                                           ? CIMAGE_UNSUPPORTED
                                           : CIMAGE_DAMAGED);
      break;
    case JERR_INPUT_EOF:
      fail_with_library_message(codec, CIMAGE_TRUNCATED);
      break;
    default:
      fail_with_library_message(codec, CIMAGE_DAMAGED);
  }
}

// Levels above -1 are traces. The warnings let through say nothing about the coded picture: with
// them every block has been decoded from bytes that are its own.
static void on_message(j_common_ptr codec, int level) {
  if (level >= 0) return;
  jpeg_operation *operation = operation_of(codec);
  operation->result.warnings++;
  switch (codec->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    // A sequential scan always holds whole blocks, whatever its header says.
    case JWRN_NOT_SEQUENTIAL:
      break;
    case JWRN_EXTRANEOUS_DATA:
      // Between two restart markers they stand in place of blocks. Behind the blocks of a scan they
      // may be blocks that a fault in it has left over, unless they only fill room.
      operation->result.stray_bytes += codec->err->msg_parm.i[0];
      if (is_restart(codec->err->msg_parm.i[1]) ||
          (operation->codec.input_scan_number > 0 &&
           !is_filling(operation, codec->err->msg_parm.i[0])))
        fail_with_library_message(codec, CIMAGE_DAMAGED);
      break;
    case JWRN_JPEG_EOF:
      // Without its last marker, one scan is whole if the decoder needs no byte more. Of several
      // scans nobody knows whether there were others.
      if (!operation->in_rows || jpeg_has_multiple_scans(&operation->codec))
        fail_with_library_message(codec, CIMAGE_TRUNCATED);
      operation->is_cut = true;
      break;
    default:
      if (operation->is_cut)
        fail(operation, CIMAGE_TRUNCATED, "the file ends before the picture does");
      fail_with_library_message(codec, CIMAGE_DAMAGED);
  }
}

static void on_output(j_common_ptr codec) { (void)codec; }

// Called for every row of blocks.
static void on_progress(j_common_ptr codec) {
  jpeg_operation *operation = operation_of(codec);
  if (operation->codec.input_scan_number > CIMAGE_MAX_SCANS)
    fail(operation, CIMAGE_TOO_LARGE, "more than " TEXT_OF(CIMAGE_MAX_SCANS) " scans");
  if (++operation->calls % 64 == 0 && cimage_is_late(&operation->deadline, operation->max_pixels))
    fail(operation, CIMAGE_TOO_SLOW, "decoding takes too much time");
}

// What can be told from the header before anything of the picture's size is allocated.
static void check_blocks(jpeg_operation *operation, size_t count) {
  struct jpeg_decompress_struct *codec = &operation->codec;
  int64_t blocks = 0;
  for (int i = 0; i < codec->num_components; i++)
    blocks += (int64_t)codec->comp_info[i].width_in_blocks * codec->comp_info[i].height_in_blocks;
  // Every block has a code of one bit at least; arithmetic coding has no such bound.
  if (!codec->arith_code && (int64_t)count * 8 < blocks)
    fail(operation, CIMAGE_TRUNCATED, "so few bytes cannot hold so large a picture");
  // Files of several scans keep all coefficients.
  int64_t coefficients = blocks * DCTSIZE2 * (int64_t)sizeof(JCOEF);
  if (jpeg_has_multiple_scans(codec) && coefficients > CIMAGE_MAX_COEFFICIENT_BYTES)
    fail(operation, CIMAGE_TOO_LARGE, "decoding needs more memory than the limit");
  codec->mem->max_memory_to_use = (long)(CIMAGE_MEMORY_BASE + coefficients + coefficients / 4);
}

static void start(jpeg_operation *operation, const uint8_t *bytes, size_t count,
                  int64_t max_pixels) {
  struct jpeg_decompress_struct *codec = &operation->codec;
  jpeg_create_decompress(codec);
  operation->bytes = bytes;
  operation->count = count;
  operation->max_pixels = max_pixels;
  codec->progress = &operation->progress;
  operation->progress.progress_monitor = on_progress;
  jpeg_mem_src(codec, bytes, count);
  jpeg_read_header(codec, TRUE);
  int64_t width = codec->image_width, height = codec->image_height;
  if (width < 1 || height < 1) fail(operation, CIMAGE_DAMAGED, "a side has no pixels");
  if (width > CIMAGE_MAX_SIDE || height > CIMAGE_MAX_SIDE)
    fail(operation, CIMAGE_TOO_LARGE, "a side is longer than 32768 pixels");
  if (width * height > max_pixels) fail_for_pixels(operation, width, height);
  operation->result.width = (int32_t)width;
  operation->result.height = (int32_t)height;
  int components = codec->num_components;
  if (components != 1 && components != 3 && components != 4)
    fail(operation, CIMAGE_UNSUPPORTED, "the number of components is not 1, 3 or 4");
  check_blocks(operation, count);
}

// As Pillow: the values stand inverted in the file whatever its markers say, and
// RGB = K - (255 - CMY) K / 255, rounded.
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int32_t width) {
  for (int32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    int black = cmyk[3];
    for (int channel = 0; channel < 3; channel++) {
      int product = (255 - cmyk[channel]) * black + 128;
      int value = black - (((product >> 8) + product) >> 8);
      rgb[channel] = (uint8_t)(value < 0 ? 0 : value);
    }
  }
}

// Full sides become sides / shrink, rounded up.
static void decode(jpeg_operation *operation, int32_t shrink, uint8_t *pixels, size_t capacity) {
  struct jpeg_decompress_struct *codec = &operation->codec;
  operation->result.width = (operation->result.width + shrink - 1) / shrink;
  operation->result.height = (operation->result.height + shrink - 1) / shrink;
  size_t row = 3 * (size_t)operation->result.width;
  if (capacity < row * (size_t)operation->result.height)
    fail(operation, CIMAGE_NO_MEMORY, "the buffer is too small");
  bool four = codec->num_components == 4;
  codec->out_color_space = four ? JCS_CMYK : JCS_RGB;
  codec->scale_num = 1;
  codec->scale_denom = (unsigned int)shrink;
  jpeg_start_decompress(codec);
  operation->in_rows = true;
  if (codec->output_width != (JDIMENSION)operation->result.width ||
      codec->output_height != (JDIMENSION)operation->result.height)
    fail(operation, CIMAGE_UNSUPPORTED, "the library shrinks to another size");
  if (codec->output_components != (four ? 4 : 3))
    fail(operation, CIMAGE_UNSUPPORTED, "the colours cannot be turned to RGB");
  if (four) {
    operation->line = malloc(4 * (size_t)codec->output_width);
    if (!operation->line) fail(operation, CIMAGE_NO_MEMORY, "no memory for a row");
  }
  while (codec->output_scanline < codec->output_height) {
    uint8_t *target = pixels + row * codec->output_scanline;
    if (four) {
      JSAMPROW rows[1] = {operation->line};
      jpeg_read_scanlines(codec, rows, 1);
      cmyk_to_rgb(operation->line, target, operation->result.width);
    } else {
      enum { BATCH = 8 };
      JSAMPROW rows[BATCH];
      JDIMENSION left = codec->output_height - codec->output_scanline;
      JDIMENSION count = left < BATCH ? left : BATCH;
      for (JDIMENSION i = 0; i < count; i++) rows[i] = target + row * i;
      jpeg_read_scanlines(codec, rows, count);
    }
  }
  jpeg_finish_decompress(codec);
}

static cimage_result run(const uint8_t *bytes, size_t count, int64_t max_pixels, int32_t shrink,
                         uint8_t *pixels, size_t capacity) {
  cimage_result result = {.status = CIMAGE_NO_MEMORY, .message = "no memory for the decoder"};
  jpeg_operation *const operation = calloc(1, sizeof *operation);
  if (!operation) return result;
  operation->codec.err = jpeg_std_error(&operation->errors);
  operation->codec.client_data = operation;
  operation->errors.error_exit = on_error;
  operation->errors.emit_message = on_message;
  operation->errors.output_message = on_output;
  if (setjmp(operation->exit) == 0) {
    start(operation, bytes, count, max_pixels);
    if (pixels) decode(operation, shrink, pixels, capacity);
  }
  jpeg_destroy_decompress(&operation->codec);
  free(operation->line);
  result = operation->result;
  free(operation);
  return result;
}

cimage_result cimage_jpeg_probe(const uint8_t *bytes, size_t count, int64_t max_pixels) {
  return run(bytes, count, max_pixels, 1, NULL, 0);
}

cimage_result cimage_jpeg_decode(const uint8_t *bytes, size_t count, int64_t max_pixels,
                                 int32_t shrink, uint8_t *pixels, size_t capacity) {
  return run(bytes, count, max_pixels, shrink, pixels, capacity);
}

const char *cimage_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
  return "libjpeg-turbo " TEXT_OF(LIBJPEG_TURBO_VERSION);
#else
  return "libjpeg " TEXT_OF(JPEG_LIB_VERSION);
#endif
}
