#include "CImageCodecs_opened.h"
#include "opened_library.h"

#include <stdio.h>
#include <string.h>

// libwebp's interface as far as it is used (webp/decode.h, the same since version 0.4): types under
// its own names, so that they can be compared.

// The major half of the interface's version; a library of another refuses it.
enum { WEBP_DECODER_ABI_VERSION = 0x0200 };

enum { MODE_RGB = 0 };

enum {
  VP8_STATUS_OK,
  VP8_STATUS_OUT_OF_MEMORY,
  VP8_STATUS_INVALID_PARAM,
  VP8_STATUS_BITSTREAM_ERROR,
  VP8_STATUS_UNSUPPORTED_FEATURE,
  VP8_STATUS_SUSPENDED,
  VP8_STATUS_USER_ABORT,
  VP8_STATUS_NOT_ENOUGH_DATA,
};

typedef struct {
  int width, height, has_alpha, has_animation, format;
  uint32_t pad[5];
} WebPBitstreamFeatures;

typedef struct {
  uint8_t *rgba;
  int stride;
  size_t size;
} WebPRGBABuffer;

typedef struct {
  uint8_t *y, *u, *v, *a;
  int y_stride, u_stride, v_stride, a_stride;
  size_t y_size, u_size, v_size, a_size;
} WebPYUVABuffer;

typedef struct {
  int colorspace, width, height, is_external_memory;
  union {
    WebPRGBABuffer RGBA;
    WebPYUVABuffer YUVA;
  } u;
  uint32_t pad[4];
  uint8_t *private_memory;
} WebPDecBuffer;

typedef struct {
  int bypass_filtering, no_fancy_upsampling, use_cropping;
  int crop_left, crop_top, crop_width, crop_height;
  int use_scaling, scaled_width, scaled_height;
  int use_threads, dithering_strength, flip, alpha_dithering_strength;
  uint32_t pad[5];
} WebPDecoderOptions;

typedef struct {
  WebPBitstreamFeatures input;
  WebPDecBuffer output;
  WebPDecoderOptions options;
} WebPDecoderConfig;

typedef struct {
  int (*get_version)(void);
  int (*get_features)(const uint8_t *, size_t, WebPBitstreamFeatures *, int);
  int (*init_config)(WebPDecoderConfig *, int);
  int (*decode)(const uint8_t *, size_t, WebPDecoderConfig *);
  void (*free_buffer)(WebPDecBuffer *);
} webp;

static const cimage_symbol symbols[] = {
    {"WebPGetDecoderVersion", offsetof(webp, get_version), true},
    {"WebPGetFeaturesInternal", offsetof(webp, get_features), true},
    {"WebPInitDecoderConfigInternal", offsetof(webp, init_config), true},
    {"WebPDecode", offsetof(webp, decode), true},
    {"WebPFreeDecBuffer", offsetof(webp, free_buffer), true},
};

static bool is_usable(const void *table) {
  const webp *library = table;
  WebPDecoderConfig config;
  return library->get_version() >= 0x000400 &&
         library->init_config(&config, WEBP_DECODER_ABI_VERSION);
}

static const cimage_table table = {symbols, sizeof symbols / sizeof *symbols, sizeof(webp),
                                   is_usable};

static cimage_result failed(int status) {
  cimage_result result = {.status = CIMAGE_DAMAGED};
  const char *message = "the compressed data contradict themselves";
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      result.status = CIMAGE_NO_MEMORY;
      message = "no memory for the decoder";
      break;
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      result.status = CIMAGE_UNSUPPORTED;
      message = "a kind of WebP that libwebp does not read";
      break;
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
      result.status = CIMAGE_TRUNCATED;
      message = "the file ends before the picture does";
      break;
    default: break;
  }
  snprintf(result.message, sizeof result.message, "%s", message);
  return result;
}

static cimage_result probe(const webp *library, const uint8_t *bytes, size_t count,
                           int64_t max_pixels) {
  WebPBitstreamFeatures features = {0};
  int status = library->get_features(bytes, count, &features, WEBP_DECODER_ABI_VERSION);
  if (status != VP8_STATUS_OK) return failed(status);
  if (features.has_animation) return failed(VP8_STATUS_UNSUPPORTED_FEATURE);
  cimage_result result = cimage_check_sides(features.width, features.height, max_pixels);
  if (features.has_alpha) result.traits |= CIMAGE_HAS_ALPHA;
  return result;
}

static cimage_result decode(const webp *library, const uint8_t *bytes, size_t count,
                            int64_t max_pixels, uint8_t *pixels, size_t capacity) {
  cimage_result result = probe(library, bytes, count, max_pixels);
  if (result.status != CIMAGE_OK) return result;
  size_t row = 3 * (size_t)result.width;
  if (capacity < row * (size_t)result.height) return failed(VP8_STATUS_OUT_OF_MEMORY);
  WebPDecoderConfig config;
  if (!library->init_config(&config, WEBP_DECODER_ABI_VERSION))
    return failed(VP8_STATUS_UNSUPPORTED_FEATURE);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA =
      (WebPRGBABuffer){.rgba = pixels, .stride = (int)row, .size = row * (size_t)result.height};
  // One thread, as everywhere: images are decoded side by side.
  int status = library->decode(bytes, count, &config);
  bool has_size = config.output.width == result.width && config.output.height == result.height;
  library->free_buffer(&config.output);
  if (status != VP8_STATUS_OK || !has_size)
    return failed(status != VP8_STATUS_OK ? status : VP8_STATUS_BITSTREAM_ERROR);
  return result;
}

static const cimage_result no_library = {.status = CIMAGE_NO_LIBRARY, .message = "no libwebp"};

cimage_result cimage_webp_probe(const char *name, const uint8_t *bytes, size_t count,
                                int64_t max_pixels) {
  const webp *library = cimage_opened_library(name, &table, true);
  return library ? probe(library, bytes, count, max_pixels) : no_library;
}

cimage_result cimage_webp_decode(const char *name, const uint8_t *bytes, size_t count,
                                 int64_t max_pixels, uint8_t *pixels, size_t capacity) {
  const webp *library = cimage_opened_library(name, &table, true);
  return library ? decode(library, bytes, count, max_pixels, pixels, capacity) : no_library;
}

int32_t cimage_webp_version(const char *name, bool opens) {
  const webp *library = cimage_opened_library(name, &table, opens);
  return library ? library->get_version() : 0;
}
