#include "CImageCodecs_result.h"
#include "decode_limits.h"

cimage_result cimage_check_sides(int64_t width, int64_t height, int64_t max_pixels) {
  cimage_result result = {.status = CIMAGE_TOO_LARGE};
  const size_t size = sizeof result.message;
  if (width < 1 || height < 1) {
    result.status = CIMAGE_DAMAGED;
    snprintf(result.message, size, "a side has no pixels");
  } else if (width > CIMAGE_MAX_SIDE || height > CIMAGE_MAX_SIDE) {
    snprintf(result.message, size, "a side is longer than %d pixels", CIMAGE_MAX_SIDE);
  } else if (width * height > max_pixels) {
    cimage_tell_pixels(result.message, size, width, height, max_pixels);
  } else {
    result.status = CIMAGE_OK;
    result.width = (int32_t)width;
    result.height = (int32_t)height;
  }
  return result;
}
