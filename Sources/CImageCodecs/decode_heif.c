#include "CImageCodecs_opened.h"
#include "decode_limits.h"
#include "opened_library.h"

#include <stdio.h>
#include <string.h>

// libheif's interface as far as it is used (libheif/heif.h, the same since version 1.9): types and
// numbers under its own names, so that they can be compared.

typedef struct heif_context heif_context;
typedef struct heif_image_handle heif_image_handle;
typedef struct heif_image heif_image;

typedef struct {
  int code, subcode;
  const char *message;
} heif_error;

enum {
  heif_error_Ok = 0,
  heif_error_Invalid_input = 2,
  heif_error_Unsupported_filetype = 3,
  heif_error_Unsupported_feature = 4,
  heif_error_Memory_allocation_error = 6,
  heif_error_Plugin_loading_error = 11,
  heif_error_Canceled = 12,
};

enum {
  heif_suberror_End_of_data = 100,
  heif_suberror_Security_limit_exceeded = 1000,
  heif_suberror_Unsupported_codec = 3000,
  heif_suberror_No_matching_decoder_installed = 6003,
};

enum { heif_compression_HEVC = 1, heif_compression_AV1 = 4 };
enum { heif_colorspace_RGB = 1, heif_chroma_interleaved_RGB = 10, heif_channel_interleaved = 10 };

#define FOURCC(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

// The beginning of a structure that the library makes, and that grows from version to version.
typedef struct {
  uint8_t version;
  uint8_t ignore_transformations;
  void (*start_progress)(int, int, void *);
  void (*on_progress)(int, int, void *);
  void (*end_progress)(int, void *);
  void *progress_user_data;
  // Version 2.
  uint8_t convert_hdr_to_8bit;
  // Version 3.
  uint8_t strict_decoding;
  // Version 4.
  const char *decoder_id;
  // Version 5.
  struct {
    uint8_t version;
    int downsampling, upsampling;
    uint8_t only_preferred;
  } color_conversion;
  // Version 6.
  int (*cancel_decoding)(void *);
} heif_decoding_options;

// The beginning of another.
typedef struct {
  uint8_t version;
  uint64_t max_image_size_pixels;
} heif_security_limits;

typedef struct {
  uint32_t (*get_version)(void);
  heif_error (*init)(void *);
  int (*have_decoder)(int);
  heif_context *(*context_alloc)(void);
  void (*context_free)(heif_context *);
  heif_error (*read)(heif_context *, const void *, size_t, const void *);
  void (*set_threads)(heif_context *, int);
  heif_security_limits *(*get_limits)(const heif_context *);
  int (*count_images)(heif_context *);
  heif_error (*primary)(heif_context *, heif_image_handle **);
  void (*handle_release)(const heif_image_handle *);
  int (*handle_width)(const heif_image_handle *);
  int (*handle_height)(const heif_image_handle *);
  int (*handle_has_alpha)(const heif_image_handle *);
  int (*handle_bits)(const heif_image_handle *);
  uint32_t (*handle_profile)(const heif_image_handle *);
  heif_decoding_options *(*options_alloc)(void);
  void (*options_free)(heif_decoding_options *);
  heif_error (*decode)(const heif_image_handle *, heif_image **, int, int,
                       const heif_decoding_options *);
  void (*image_release)(const heif_image *);
  int (*image_width)(const heif_image *, int);
  int (*image_height)(const heif_image *, int);
  const uint8_t *(*image_plane)(const heif_image *, int, int *);
  int (*image_warnings)(heif_image *, int, heif_error *, int);
} heif;

#define SYMBOL(name, field, is_needed) {"heif_" name, offsetof(heif, field), is_needed}

static const cimage_symbol symbols[] = {
    SYMBOL("get_version_number", get_version, true),
    SYMBOL("init", init, false),
    SYMBOL("have_decoder_for_format", have_decoder, true),
    SYMBOL("context_alloc", context_alloc, true),
    SYMBOL("context_free", context_free, true),
    SYMBOL("context_read_from_memory_without_copy", read, true),
    SYMBOL("context_set_max_decoding_threads", set_threads, false),
    SYMBOL("context_get_security_limits", get_limits, false),
    SYMBOL("context_get_number_of_top_level_images", count_images, true),
    SYMBOL("context_get_primary_image_handle", primary, true),
    SYMBOL("image_handle_release", handle_release, true),
    SYMBOL("image_handle_get_width", handle_width, true),
    SYMBOL("image_handle_get_height", handle_height, true),
    SYMBOL("image_handle_has_alpha_channel", handle_has_alpha, true),
    SYMBOL("image_handle_get_luma_bits_per_pixel", handle_bits, true),
    SYMBOL("image_handle_get_color_profile_type", handle_profile, true),
    SYMBOL("decoding_options_alloc", options_alloc, true),
    SYMBOL("decoding_options_free", options_free, true),
    SYMBOL("decode_image", decode, true),
    SYMBOL("image_release", image_release, true),
    SYMBOL("image_get_width", image_width, true),
    SYMBOL("image_get_height", image_height, true),
    SYMBOL("image_get_plane_readonly", image_plane, true),
    SYMBOL("image_get_decoding_warnings", image_warnings, false),
};

// 1.9 in the library's own notation, which has a byte more than ours.
enum { OLDEST_VERSION = 0x01090000 };

static bool is_usable(const void *table) {
  const heif *library = table;
  if (library->get_version() < OLDEST_VERSION) return false;
  // Loads the plug-ins of those builds whose decoders are such.
  return !library->init || library->init(NULL).code == heif_error_Ok;
}

static const cimage_table table = {symbols, sizeof symbols / sizeof *symbols, sizeof(heif),
                                   is_usable};

// What is open for one file.
typedef struct {
  const heif *library;
  heif_context *context;
  heif_image_handle *handle;
  cimage_result result;
  cimage_deadline deadline;
  int64_t max_pixels;
} heif_operation;

static void fail(heif_operation *operation, cimage_status status, const char *message) {
  operation->result.status = status;
  snprintf(operation->result.message, sizeof operation->result.message, "%s", message);
}

static bool succeeded(heif_operation *operation, heif_error error) {
  if (error.code == heif_error_Ok) return true;
  const heif *library = operation->library;
  cimage_status status = CIMAGE_DAMAGED;
  switch (error.code) {
    case heif_error_Invalid_input:
      if (error.subcode == heif_suberror_End_of_data) status = CIMAGE_TRUNCATED;
      break;
    case heif_error_Unsupported_filetype: status = CIMAGE_UNSUPPORTED; break;
    case heif_error_Unsupported_feature:
      status = CIMAGE_UNSUPPORTED;
      if (error.subcode == heif_suberror_Unsupported_codec &&
          !(library->have_decoder(heif_compression_HEVC) &&
            library->have_decoder(heif_compression_AV1)))
        status = CIMAGE_NO_DECODER;
      break;
    case heif_error_Memory_allocation_error:
      status = error.subcode == heif_suberror_Security_limit_exceeded ? CIMAGE_TOO_LARGE
                                                                      : CIMAGE_NO_MEMORY;
      break;
    case heif_error_Canceled:
      fail(operation, CIMAGE_TOO_SLOW, "decoding takes too much time");
      return false;
    case heif_error_Plugin_loading_error:
      if (error.subcode == heif_suberror_No_matching_decoder_installed) status = CIMAGE_NO_DECODER;
      break;
    default: break;
  }
  fail(operation, status, error.message ? error.message : "libheif names no reason");
  return false;
}

static void start(heif_operation *operation, const uint8_t *bytes, size_t count,
                  int64_t max_pixels) {
  const heif *library = operation->library;
  operation->context = library->context_alloc();
  if (!operation->context) return fail(operation, CIMAGE_NO_MEMORY, "no memory for the decoder");
  // Images are decoded side by side, each on the thread that asks.
  if (library->set_threads) library->set_threads(operation->context, 0);
  if (library->get_limits) {
    heif_security_limits *limits = library->get_limits(operation->context);
    // Tiles are padded, and what is cut away is decoded, too.
    uint64_t most = 2 * (uint64_t)max_pixels + (1 << 20);
    if (limits && most < limits->max_image_size_pixels) limits->max_image_size_pixels = most;
  }
  if (!succeeded(operation, library->read(operation->context, bytes, count, NULL))) return;
  if (!succeeded(operation, library->primary(operation->context, &operation->handle))) return;
  const heif_image_handle *handle = operation->handle;
  operation->result =
      cimage_check_sides(library->handle_width(handle), library->handle_height(handle), max_pixels);
  uint32_t traits = 0;
  if (library->handle_has_alpha(handle)) traits |= CIMAGE_HAS_ALPHA;
  if (library->handle_bits(handle) > 8) traits |= CIMAGE_IS_DEEP;
  if (library->count_images(operation->context) > 1) traits |= CIMAGE_HAS_SEVERAL;
  uint32_t profile = library->handle_profile(handle);
  if (profile == FOURCC('p', 'r', 'o', 'f') || profile == FOURCC('r', 'I', 'C', 'C'))
    traits |= CIMAGE_HAS_PROFILE;
  operation->result.traits = traits;
}

// Row after row, as the library's rows are longer than they need be.
static void copy_pixels(heif_operation *operation, heif_image *image, uint8_t *pixels) {
  const heif *library = operation->library;
  int stride = 0;
  const uint8_t *plane = library->image_plane(image, heif_channel_interleaved, &stride);
  size_t row = 3 * (size_t)operation->result.width;
  if (!plane || stride < 0 || (size_t)stride < row ||
      library->image_width(image, heif_channel_interleaved) != operation->result.width ||
      library->image_height(image, heif_channel_interleaved) != operation->result.height)
    return fail(operation, CIMAGE_DAMAGED, "the image size differs from the header");
  // A warning says that the picture is not what the file means.
  if (library->image_warnings && library->image_warnings(image, 0, NULL, 0) > 0)
    return fail(operation, CIMAGE_DAMAGED, "the compressed data contradict themselves");
  for (int32_t y = 0; y < operation->result.height; y++)
    memcpy(pixels + row * (size_t)y, plane + (size_t)stride * (size_t)y, row);
}

// The library asks before each tile of a grid, which is what phones write, and nowhere else.
static int is_late(void *data) {
  heif_operation *operation = data;
  return cimage_is_late(&operation->deadline, operation->max_pixels);
}

static void decode(heif_operation *operation, uint8_t *pixels, size_t capacity) {
  const heif *library = operation->library;
  if (capacity < 3 * (size_t)operation->result.width * (size_t)operation->result.height)
    return fail(operation, CIMAGE_NO_MEMORY, "the buffer is too small");
  heif_decoding_options *options = library->options_alloc();
  if (!options) return fail(operation, CIMAGE_NO_MEMORY, "no memory for the decoder");
  if (options->version >= 2) options->convert_hdr_to_8bit = 1;
  if (options->version >= 3) options->strict_decoding = 1;
  if (options->version >= 6) {
    options->progress_user_data = operation;
    options->cancel_decoding = is_late;
  }
  heif_image *image = NULL;
  heif_error error = library->decode(operation->handle, &image, heif_colorspace_RGB,
                                     heif_chroma_interleaved_RGB, options);
  library->options_free(options);
  if (succeeded(operation, error)) copy_pixels(operation, image, pixels);
  if (image) library->image_release(image);
}

static cimage_result run(const char *name, const uint8_t *bytes, size_t count, int64_t max_pixels,
                         uint8_t *pixels, size_t capacity) {
  heif_operation operation = {.library = cimage_opened_library(name, &table, true),
                              .max_pixels = max_pixels};
  if (!operation.library) {
    fail(&operation, CIMAGE_NO_LIBRARY, "no libheif");
    return operation.result;
  }
  start(&operation, bytes, count, max_pixels);
  if (pixels && operation.result.status == CIMAGE_OK) decode(&operation, pixels, capacity);
  if (operation.handle) operation.library->handle_release(operation.handle);
  if (operation.context) operation.library->context_free(operation.context);
  return operation.result;
}

cimage_result cimage_heif_probe(const char *name, const uint8_t *bytes, size_t count,
                                int64_t max_pixels) {
  return run(name, bytes, count, max_pixels, NULL, 0);
}

cimage_result cimage_heif_decode(const char *name, const uint8_t *bytes, size_t count,
                                 int64_t max_pixels, uint8_t *pixels, size_t capacity) {
  return run(name, bytes, count, max_pixels, pixels, capacity);
}

int32_t cimage_heif_version(const char *name, bool opens) {
  const heif *library = cimage_opened_library(name, &table, opens);
  return library ? (int32_t)(library->get_version() >> 8) : 0;
}
