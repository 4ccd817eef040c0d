#include <algorithm>

#include "border.h"
#include "ops.h"
#include "share.h"

namespace trawl {

namespace {

/** to = a x + b y */
FOR_MACHINES void mix(const float* __restrict x, float a, const float* __restrict y, float b, int64_t count, float* __restrict to) {
  for (int64_t i = 0; i < count; i++) to[i] = a * x[i] + b * y[i];
}

/** to += a x */
FOR_MACHINES void addScaled(const float* __restrict x, float a, int64_t count, float* __restrict to) {
  for (int64_t i = 0; i < count; i++) to[i] += a * x[i];
}

/** Of pixel i of n pixels made `times` as many (half-pixel centres): its neighbours of the n, and what each counts. */
struct Between {
  Between(int64_t i, int64_t n, int64_t times) {
    const double at = (static_cast<double>(i) + 0.5) / static_cast<double>(times) - 0.5;
    const double below = __builtin_floor(at);
    low = std::max<int64_t>(0, static_cast<int64_t>(below));
    high = std::min<int64_t>(n - 1, static_cast<int64_t>(below) + 1);
    ofHigh = static_cast<float>(at - below);
    ofLow = 1 - ofHigh;
  }
  int64_t low, high;
  float ofLow, ofHigh;
};

/** Of all pixels of one axis. */
std::vector<Between> betweens(int64_t n, int64_t times) {
  std::vector<Between> all;
  for (int64_t i = 0; i < n * times; i++) all.emplace_back(i, n, times);
  return all;
}

}  // namespace

void upsample(void* kernel, TF_OpKernelContext* context) {
  const int64_t border = static_cast<Attributes*>(kernel)->border, times = static_cast<Attributes*>(kernel)->times;
  Call call(context);
  TF_Tensor* x = call.input(0);
  if (!call.ok() || !call.require(isImages(x), "x: wanted rank 4")) return;
  const Size size = sizeOf(x), large = {size.n, times * size.h, times * size.w, size.c}, padded = large.padded(border);
  if (!call.require(size.image() > 0, "x: wanted pixels")) return;
  float* y = call.output(0, {padded.n, padded.h, padded.w, padded.c});
  if (!call.ok()) return;
  share(size.n, padded.n * padded.image(), [=, from = data(x)](int64_t first, int64_t last) {
    const int64_t c = size.c, line = size.w * c;
    const std::vector<Between> rows = betweens(size.h, times), columns = betweens(size.w, times);
    std::vector<float> mixed(line);
    for (int64_t image = first; image < last; image++) {
      const float* source = from + image * size.image();
      float* target = y + image * padded.image();
      for (int64_t row = 0; row < large.h; row++) {
        const Between& across = rows[row];
        mix(source + across.low * line, across.ofLow, source + across.high * line, across.ofHigh, line, mixed.data());
        float* to = target + ((row + border) * padded.w + border) * c;
        for (int64_t column = 0; column < large.w; column++) {
          const Between& at = columns[column];
          mix(mixed.data() + at.low * c, at.ofLow, mixed.data() + at.high * c, at.ofHigh, c, to + column * c);
        }
      }
      repeatBorder(target, large, border);
    }
  });
}

void upsampleGradient(void* kernel, TF_OpKernelContext* context) {
  const int64_t border = static_cast<Attributes*>(kernel)->border, times = static_cast<Attributes*>(kernel)->times;
  Call call(context);
  TF_Tensor* dy = call.input(0);
  if (!call.ok() || !call.require(isImages(dy), "dy: wanted rank 4")) return;
  const Size padded = sizeOf(dy), large = padded.padded(-border), size = {large.n, large.h / times, large.w / times, large.c};
  if (!call.require(size.h > 0 && size.w > 0 && large.h % times == 0 && large.w % times == 0, "dy: wanted the shape of y")) return;
  float* dx = call.output(0, {size.n, size.h, size.w, size.c});
  if (!call.ok()) return;
  share(size.n, padded.n * padded.image(), [=, up = data(dy)](int64_t first, int64_t last) {
    const int64_t c = size.c, line = size.w * c;
    const std::vector<Between> rows = betweens(size.h, times), columns = betweens(size.w, times);
    std::vector<float> folded(large.w * c), mixed(line);
    for (int64_t image = first; image < last; image++) {
      float* target = dx + image * size.image();
      std::fill(target, target + size.image(), 0.0f);
      for (int64_t row = 0; row < large.h; row++) {
        foldRow(up + image * padded.image(), large, border, row, folded.data());
        std::fill(mixed.begin(), mixed.end(), 0.0f);
        for (int64_t column = 0; column < large.w; column++) {
          const Between& at = columns[column];
          addScaled(folded.data() + column * c, at.ofLow, c, mixed.data() + at.low * c);
          addScaled(folded.data() + column * c, at.ofHigh, c, mixed.data() + at.high * c);
        }
        const Between& across = rows[row];
        addScaled(mixed.data(), across.ofLow, line, target + across.low * line);
        addScaled(mixed.data(), across.ofHigh, line, target + across.high * line);
      }
    }
  });
}

}  // namespace trawl
