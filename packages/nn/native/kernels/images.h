/* What a kernel takes and gives: images [n, h, w, c] in float32, and attributes. */
#pragma once
#include <vector>

#include "capi.h"

// The compiler makes one copy for each, and the machine takes the best that it can run.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_MACHINES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_MACHINES
#endif

namespace trawl {

constexpr int FLOAT = 1;
constexpr int INVALID_ARGUMENT = 3;

struct Attributes {
  int32_t groups = 1;
  float epsilon = 0;
  int32_t relu = 0;
  /** Pixels of repeated border around y. */
  int32_t border = 0;
  int32_t times = 1;
};

struct Size {
  int64_t n, h, w, c;
  int64_t image() const { return h * w * c; }
  Size padded(int64_t border) const { return {n, h + 2 * border, w + 2 * border, c}; }
};

/** Frees tensors and the status at the end; remembers what failed. */
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  bool ok() {
    if (TF_GetCode(status_) == 0) return true;
    TF_OpKernelContext_Failure(context_, status_);
    return false;
  }
  bool require(bool holds, const char* message) {
    if (!holds && TF_GetCode(status_) == 0) TF_SetStatus(status_, INVALID_ARGUMENT, message);
    return ok();
  }
  TF_Tensor* input(int i) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, i, &tensor, status_);
    if (tensor) held_.push_back(tensor);
    return tensor;
  }
  float* output(int i, std::vector<int64_t> dims) {
    int64_t size = 1;
    for (int64_t dim : dims) size *= dim;
    TF_Tensor* tensor =
        TF_AllocateOutput(context_, i, FLOAT, dims.data(), static_cast<int>(dims.size()), size * sizeof(float), status_);
    if (!tensor) return nullptr;
    held_.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> held_;
};

inline const float* data(const TF_Tensor* tensor) { return static_cast<const float*>(TF_TensorData(tensor)); }
inline bool isImages(const TF_Tensor* tensor) { return tensor && TF_NumDims(tensor) == 4; }
inline Size sizeOf(const TF_Tensor* x) { return {TF_Dim(x, 0), TF_Dim(x, 1), TF_Dim(x, 2), TF_Dim(x, 3)}; }
inline bool isVector(const TF_Tensor* tensor, int64_t size) {
  return tensor && TF_NumDims(tensor) == 1 && TF_Dim(tensor, 0) == size;
}
inline bool same(const Size& a, const Size& b) { return a.n == b.n && a.h == b.h && a.w == b.w && a.c == b.c; }

}  // namespace trawl
