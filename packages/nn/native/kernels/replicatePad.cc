#include <cstring>

#include "border.h"
#include "ops.h"
#include "share.h"

namespace trawl {

void replicatePad(void* kernel, TF_OpKernelContext* context) {
  const int64_t border = static_cast<Attributes*>(kernel)->border;
  Call call(context);
  TF_Tensor* x = call.input(0);
  if (!call.ok() || !call.require(isImages(x), "x: wanted rank 4")) return;
  const Size size = sizeOf(x);
  const Size padded = size.padded(border);
  float* y = call.output(0, {padded.n, padded.h, padded.w, padded.c});
  if (!call.ok()) return;
  share(size.n, padded.n * padded.image(), [=, from = data(x)](int64_t first, int64_t last) {
    for (int64_t image = first; image < last; image++) {
      float* target = y + image * padded.image();
      for (int64_t row = 0; row < size.h; row++) {
        std::memcpy(target + ((row + border) * padded.w + border) * size.c,
                    from + (image * size.h + row) * size.w * size.c, size.w * size.c * sizeof(float));
      }
      repeatBorder(target, size, border);
    }
  });
}

void replicatePadGradient(void* kernel, TF_OpKernelContext* context) {
  const int64_t border = static_cast<Attributes*>(kernel)->border;
  Call call(context);
  TF_Tensor* dy = call.input(0);
  if (!call.ok() || !call.require(isImages(dy), "dy: wanted rank 4")) return;
  const Size padded = sizeOf(dy);
  const Size size = padded.padded(-border);
  if (!call.require(size.h > 0 && size.w > 0, "dy: wanted more than its border")) return;
  float* dx = call.output(0, {size.n, size.h, size.w, size.c});
  if (!call.ok()) return;
  share(size.n, padded.n * padded.image(), [=, up = data(dy)](int64_t first, int64_t last) {
    for (int64_t image = first; image < last; image++) {
      for (int64_t row = 0; row < size.h; row++) {
        foldRow(up + image * padded.image(), size, border, row, dx + (image * size.h + row) * size.w * size.c);
      }
    }
  });
}

}  // namespace trawl
