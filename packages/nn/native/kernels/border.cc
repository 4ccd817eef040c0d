#include "border.h"

#include <cstring>

namespace trawl {

namespace {

FOR_MACHINES void addTo(float* __restrict sums, const float* __restrict values, int64_t count) {
  for (int64_t i = 0; i < count; i++) sums[i] += values[i];
}

}  // namespace

void repeatBorder(float* y, const Size& inside, int64_t border) {
  const int64_t c = inside.c, stride = (inside.w + 2 * border) * c;
  for (int64_t row = border; row < border + inside.h; row++) {
    float* line = y + row * stride;
    for (int64_t i = 0; i < border; i++) {
      std::memcpy(line + i * c, line + border * c, c * sizeof(float));
      std::memcpy(line + (border + inside.w + i) * c, line + (border + inside.w - 1) * c, c * sizeof(float));
    }
  }
  for (int64_t i = 0; i < border; i++) {
    std::memcpy(y + i * stride, y + border * stride, stride * sizeof(float));
    std::memcpy(y + (border + inside.h + i) * stride, y + (border + inside.h - 1) * stride, stride * sizeof(float));
  }
}

void foldRow(const float* dy, const Size& inside, int64_t border, int64_t row, float* __restrict dz) {
  const int64_t c = inside.c, stride = (inside.w + 2 * border) * c;
  const int64_t first = row == 0 ? 0 : row + border;
  const int64_t last = row == inside.h - 1 ? inside.h + 2 * border - 1 : row + border;
  for (int64_t from = first; from <= last; from++) {
    const float* line = dy + from * stride;
    if (from == first) {
      std::memcpy(dz, line + border * c, inside.w * c * sizeof(float));
    } else {
      addTo(dz, line + border * c, inside.w * c);
    }
    for (int64_t i = 0; i < border; i++) {
      addTo(dz, line + i * c, c);
      addTo(dz + (inside.w - 1) * c, line + (border + inside.w + i) * c, c);
    }
  }
}

}  // namespace trawl
