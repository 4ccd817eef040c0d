#include <algorithm>
#include <cmath>
#include <memory>

#include "border.h"
#include "ops.h"
#include "share.h"

namespace trawl {

namespace {

/** sums[i] += sum over rows of x[row, i] - shift[i], and of the squares of that. */
FOR_MACHINES void addMoments(const float* __restrict x, const float* __restrict shift, int64_t rows, int64_t c,
                             float* __restrict sums, float* __restrict squares) {
  for (int64_t row = 0; row < rows; row++, x += c) {
    for (int64_t i = 0; i < c; i++) {
      const float moved = x[i] - shift[i];
      sums[i] += moved;
      squares[i] += moved * moved;
    }
  }
}

FOR_MACHINES void scaleAndShift(const float* __restrict x, const float* __restrict factor, const float* __restrict moved,
                                int64_t rows, int64_t c, float least, float* __restrict y) {
  for (int64_t row = 0; row < rows; row++, x += c, y += c) {
    for (int64_t i = 0; i < c; i++) y[i] = std::max(least, x[i] * factor[i] + moved[i]);
  }
}

/** dz = dz where y is above `least`; adds dz and dz (x - mean) to the sums. */
FOR_MACHINES void addProducts(const float* __restrict x, const float* __restrict factor, const float* __restrict moved,
                              const float* __restrict mean, int64_t rows, int64_t c, float least, float* __restrict dz, float* __restrict sums,
                              float* __restrict products) {
  for (int64_t row = 0; row < rows; row++, x += c, dz += c) {
    for (int64_t i = 0; i < c; i++) {
      const float passed = x[i] * factor[i] + moved[i] > least ? dz[i] : 0.0f;
      dz[i] = passed;
      sums[i] += passed;
      products[i] += passed * (x[i] - mean[i]);
    }
  }
}

FOR_MACHINES void combine(const float* __restrict dz, const float* __restrict x, const float* __restrict direct,
                          const float* __restrict slope, const float* __restrict offset, int64_t rows, int64_t c,
                          float* __restrict dx) {
  for (int64_t row = 0; row < rows; row++, dz += c, x += c, dx += c) {
    for (int64_t i = 0; i < c; i++) dx[i] = dz[i] * direct[i] + (x[i] * slope[i] + offset[i]);
  }
}

const float NEVER = -3.4028235e38f;

/** Sums in float32 over a row of pixels, in float64 over the rows. */
struct Sums {
  explicit Sums(int64_t c) : row(2 * c), total(2 * c), c(c) {}
  float* first() { return row.data(); }
  float* second() { return row.data() + c; }
  void endRow() {
    for (int64_t i = 0; i < 2 * c; i++) total[i] += row[i];
    std::fill(row.begin(), row.end(), 0.0f);
  }
  std::vector<float> row;
  std::vector<double> total;
  int64_t c;
};

/** Mean and 1 / std of the groups of one image, at every channel. */
void momentsOf(const float* x, const Size& size, const Attributes& attributes, float* mean, float* inverse) {
  const int64_t c = size.c, perGroup = c / attributes.groups;
  const double count = static_cast<double>(size.h * size.w * perGroup);
  // Squares of differences to a pixel nearby: those of large values would leave nothing of a small variance.
  Sums sums(c);
  std::vector<float> shift(c);
  for (int64_t i = 0; i < c; i++) shift[i] = x[i - i % perGroup];
  for (int64_t row = 0; row < size.h; row++) {
    addMoments(x + row * size.w * c, shift.data(), size.w, c, sums.first(), sums.second());
    sums.endRow();
  }
  for (int64_t group = 0; group < attributes.groups; group++) {
    double sum = 0, square = 0;
    for (int64_t i = group * perGroup; i < (group + 1) * perGroup; i++) {
      sum += sums.total[i];
      square += sums.total[c + i];
    }
    const double moved = sum / count;
    const double variance = std::max(0.0, square / count - moved * moved);
    for (int64_t i = group * perGroup; i < (group + 1) * perGroup; i++) {
      mean[i] = static_cast<float>(shift[i] + moved);
      inverse[i] = static_cast<float>(1 / __builtin_sqrt(variance + attributes.epsilon));
    }
  }
}

}  // namespace

void groupNorm(void* kernel, TF_OpKernelContext* context) {
  const Attributes& attributes = *static_cast<Attributes*>(kernel);
  Call call(context);
  TF_Tensor *x = call.input(0), *gamma = call.input(1), *beta = call.input(2);
  if (!call.ok() || !call.require(isImages(x), "x: wanted rank 4")) return;
  const Size size = sizeOf(x);
  if (!call.require(size.c % attributes.groups == 0 && size.image() > 0, "x: channels are no multiple of the groups")) return;
  if (!call.require(isVector(gamma, size.c) && isVector(beta, size.c), "gamma, beta: wanted one for each channel")) return;
  const int64_t border = attributes.border, c = size.c;
  const Size padded = size.padded(border);
  float* y = call.output(0, {padded.n, padded.h, padded.w, padded.c});
  float* mean = call.output(1, {size.n, c});
  float* inverse = call.output(2, {size.n, c});
  if (!call.ok()) return;
  const float least = attributes.relu ? 0.0f : NEVER;
  share(size.n, size.n * size.image(), [=, from = data(x), scale = data(gamma), shift = data(beta)](int64_t first, int64_t last) {
    std::vector<float> factor(c), moved(c);
    for (int64_t image = first; image < last; image++) {
      const float* source = from + image * size.image();
      float* target = y + image * padded.image();
      momentsOf(source, size, attributes, mean + image * c, inverse + image * c);
      for (int64_t i = 0; i < c; i++) {
        factor[i] = inverse[image * c + i] * scale[i];
        moved[i] = shift[i] - mean[image * c + i] * factor[i];
      }
      for (int64_t row = 0; row < size.h; row++) {
        float* line = target + ((row + border) * padded.w + border) * c;
        scaleAndShift(source + row * size.w * c, factor.data(), moved.data(), size.w, c, least, line);
      }
      repeatBorder(target, size, border);
    }
  });
}

void groupNormGradient(void* kernel, TF_OpKernelContext* context) {
  const Attributes& attributes = *static_cast<Attributes*>(kernel);
  Call call(context);
  TF_Tensor *dy = call.input(0), *x = call.input(1), *gamma = call.input(2), *beta = call.input(3);
  TF_Tensor *mean = call.input(4), *inverse = call.input(5);
  if (!call.ok() || !call.require(isImages(x) && isImages(dy), "dy, x: wanted rank 4")) return;
  const Size size = sizeOf(x);
  const int64_t border = attributes.border, c = size.c, perGroup = c / attributes.groups;
  const Size padded = size.padded(border);
  if (!call.require(same(padded, sizeOf(dy)), "dy: wanted the shape of y")) return;
  float* dx = call.output(0, {size.n, size.h, size.w, c});
  float* dGamma = call.output(1, {c});
  float* dBeta = call.output(2, {c});
  if (!call.ok()) return;
  const float least = attributes.relu ? 0.0f : NEVER;
  std::vector<double> along(size.n * c), sum(size.n * c);
  double *alongs = along.data(), *sumsOf = sum.data();
  share(size.n, size.n * size.image(),
        [=, up = data(dy), from = data(x), scale = data(gamma), shift = data(beta), means = data(mean),
         inverses = data(inverse)](int64_t first, int64_t last) {
          std::vector<float> dz(size.image()), factor(c), moved(c), slope(c), offset(c);
          for (int64_t image = first; image < last; image++) {
            const float* source = from + image * size.image();
            const float *m = means + image * c, *r = inverses + image * c;
            for (int64_t i = 0; i < c; i++) {
              factor[i] = r[i] * scale[i];
              moved[i] = shift[i] - m[i] * factor[i];
            }
            Sums sums(c);
            for (int64_t row = 0; row < size.h; row++) {
              float* line = dz.data() + row * size.w * c;
              foldRow(up + image * padded.image(), size, border, row, line);
              addProducts(source + row * size.w * c, factor.data(), moved.data(), m, size.w, c, least, line,
                          sums.first(), sums.second());
              sums.endRow();
            }
            const double count = static_cast<double>(size.h * size.w * perGroup);
            for (int64_t group = 0; group < attributes.groups; group++) {
              double all = 0, bent = 0;
              for (int64_t i = group * perGroup; i < (group + 1) * perGroup; i++) {
                sumsOf[image * c + i] = sums.total[i];
                alongs[image * c + i] = sums.total[c + i] * r[i];
                all += scale[i] * sumsOf[image * c + i];
                bent += scale[i] * alongs[image * c + i];
              }
              for (int64_t i = group * perGroup; i < (group + 1) * perGroup; i++) {
                slope[i] = static_cast<float>(-r[i] * r[i] * bent / count);
                offset[i] = static_cast<float>(-r[i] * all / count - slope[i] * m[i]);
              }
            }
            combine(dz.data(), source, factor.data(), slope.data(), offset.data(), size.h * size.w, c,
                    dx + image * size.image());
          }
        });
  for (int64_t i = 0; i < c; i++) {
    double a = 0, b = 0;
    for (int64_t image = 0; image < size.n; image++) {
      a += along[image * c + i];
      b += sum[image * c + i];
    }
    dGamma[i] = static_cast<float>(a);
    dBeta[i] = static_cast<float>(b);
  }
}

}  // namespace trawl
