/*
 * Ops that TensorFlow has no single kernel for, or one that takes a single thread, on the CPU: group normalisation with
 * ReLU, upsampling, and a repeated border around what they give or alone, each with its gradient. Composed of TensorFlow's
 * ops a normalisation reads and writes its images some fifteen times, which beside small convolutions is most of a
 * step; these do so three times.
 *
 * Images are [n, h, w, c] in float32. Images are shared out among threads and sums are taken image by image, so that the
 * numbers do not depend on how many threads there are.
 *
 * The C API's functions are declared here: a native build keeps no headers, and so can be given these kernels at any time.
 */
#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

extern "C" {
struct TF_Status;
struct TF_Tensor;
struct TF_OpDefinitionBuilder;
struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
struct TF_ShapeInferenceContext;
TF_Status* TF_NewStatus();
void TF_DeleteStatus(TF_Status*);
int TF_GetCode(const TF_Status*);
void TF_SetStatus(TF_Status*, int code, const char* message);
TF_OpDefinitionBuilder* TF_NewOpDefinitionBuilder(const char*);
void TF_OpDefinitionBuilderAddAttr(TF_OpDefinitionBuilder*, const char*);
void TF_OpDefinitionBuilderAddInput(TF_OpDefinitionBuilder*, const char*);
void TF_OpDefinitionBuilderAddOutput(TF_OpDefinitionBuilder*, const char*);
void TF_OpDefinitionBuilderSetShapeInferenceFunction(TF_OpDefinitionBuilder*, void (*)(TF_ShapeInferenceContext*, TF_Status*));
void TF_ShapeInferenceContextSetUnknownShape(TF_ShapeInferenceContext*, TF_Status*);
void TF_RegisterOpDefinition(TF_OpDefinitionBuilder*, TF_Status*);
TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device, void* (*)(TF_OpKernelConstruction*),
                                      void (*)(void*, TF_OpKernelContext*), void (*)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder*, TF_Status*);
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction*, const char*, int32_t*, TF_Status*);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction*, const char*, float*, TF_Status*);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction*, TF_Status*);
void TF_OpKernelContext_Failure(TF_OpKernelContext*, TF_Status*);
void TF_GetInput(TF_OpKernelContext*, int, TF_Tensor**, TF_Status*);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext*, int, int type, const int64_t* dims, int rank, size_t bytes, TF_Status*);
int TF_NumDims(const TF_Tensor*);
int64_t TF_Dim(const TF_Tensor*, int);
void* TF_TensorData(const TF_Tensor*);
void TF_DeleteTensor(TF_Tensor*);
}

// The compiler makes one copy for each, and the machine takes the best that it can run.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_MACHINES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_MACHINES
#endif

namespace {

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

const float* data(const TF_Tensor* tensor) { return static_cast<const float*>(TF_TensorData(tensor)); }
bool isImages(const TF_Tensor* tensor) { return tensor && TF_NumDims(tensor) == 4; }
Size sizeOf(const TF_Tensor* x) { return {TF_Dim(x, 0), TF_Dim(x, 1), TF_Dim(x, 2), TF_Dim(x, 3)}; }
bool isVector(const TF_Tensor* tensor, int64_t size) {
  return tensor && TF_NumDims(tensor) == 1 && TF_Dim(tensor, 0) == size;
}
bool same(const Size& a, const Size& b) { return a.n == b.n && a.h == b.h && a.w == b.w && a.c == b.c; }

/** As many threads as TensorFlow was told to take. */
int64_t mostThreads() {
  static const int64_t threads = [] {
    const char* told = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int64_t number = told ? std::atoi(told) : 0;
    return number > 0 ? number : std::max<int64_t>(1, std::thread::hardware_concurrency());
  }();
  return threads;
}

/** Threads that wait for work: to start and join three of them takes longer than a small image. */
class Helpers {
 public:
  /** Calls work(1) to work(count) in threads of their own and work(0) in this one. One caller at a time. */
  void run(int64_t count, const std::function<void(int64_t)>& work) {
    std::lock_guard<std::mutex> alone(callers_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      while (started_ < count) std::thread(&Helpers::serve, this, ++started_).detach();
      work_ = &work;
      count_ = left_ = count;
      round_++;
    }
    begin_.notify_all();
    work(0);
    std::unique_lock<std::mutex> lock(mutex_);
    end_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  void serve(int64_t self) {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      begin_.wait(lock, [&] { return round_ != seen; });
      seen = round_;
      if (self > count_) continue;
      const auto* work = work_;
      lock.unlock();
      (*work)(self);
      lock.lock();
      if (--left_ == 0) end_.notify_one();
    }
  }

  std::mutex callers_, mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int64_t)>* work_ = nullptr;
  int64_t started_ = 0, count_ = 0, left_ = 0;
  uint64_t round_ = 0;
};

/** Never destroyed: its threads wait on it until the process is gone. */
Helpers& helpers() {
  static Helpers* const all = new Helpers();
  return *all;
}

/** work(first, last) over images 0..n, in threads where that many values are worth waking them. */
template <typename Work>
void share(int64_t n, int64_t values, Work work) {
  constexpr int64_t WORTH = 1 << 16;
  const int64_t threads = std::max<int64_t>(1, std::min({mostThreads(), n, values / WORTH}));
  if (threads == 1) return work(0, n);
  helpers().run(threads - 1, [&](int64_t i) { work(n * i / threads, n * (i + 1) / threads); });
}

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

FOR_MACHINES void addTo(float* __restrict sums, const float* __restrict values, int64_t count) {
  for (int64_t i = 0; i < count; i++) sums[i] += values[i];
}

/** The border of one padded image from the pixels inside. */
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

/** The transpose: row `row` of an image from the rows of the padded dy, borders added to what they repeat. */
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

/** What an op has beside its border. */
enum class Kind { PAD, NORM, UPSAMPLE };

template <Kind KIND>
void* create(TF_OpKernelConstruction* construction) {
  auto attributes = std::make_unique<Attributes>();
  TF_Status* status = TF_NewStatus();
  auto whole = [&](const char* name, int32_t* value) {
    if (TF_GetCode(status) == 0) TF_OpKernelConstruction_GetAttrInt32(construction, name, value, status);
  };
  whole("border", &attributes->border);
  if (KIND == Kind::UPSAMPLE) whole("times", &attributes->times);
  if (KIND == Kind::NORM) {
    whole("groups", &attributes->groups);
    whole("relu", &attributes->relu);
    if (TF_GetCode(status) == 0) TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &attributes->epsilon, status);
  }
  if (TF_GetCode(status) == 0 && (attributes->groups < 1 || attributes->times < 1 || attributes->border < 0))
    TF_SetStatus(status, INVALID_ARGUMENT, "groups, times, border: wanted positive numbers");
  if (TF_GetCode(status) != 0) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes.release();
}

void destroy(void* kernel) { delete static_cast<Attributes*>(kernel); }

struct Op {
  const char* name;
  std::vector<const char*> inputs, outputs;
  Kind kind;
  void (*compute)(void*, TF_OpKernelContext*);
};

bool registered(const Op& op) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(op.name);
  for (const char* input : op.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : op.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_OpDefinitionBuilderAddAttr(definition, "border: int");
  if (op.kind == Kind::UPSAMPLE) TF_OpDefinitionBuilderAddAttr(definition, "times: int");
  if (op.kind == Kind::NORM) {
    for (const char* attr : {"groups: int", "relu: int", "epsilon: float"})
      TF_OpDefinitionBuilderAddAttr(definition, attr);
  }
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == 0) {
    auto* make = op.kind == Kind::NORM ? create<Kind::NORM> : op.kind == Kind::UPSAMPLE ? create<Kind::UPSAMPLE> : create<Kind::PAD>;
    TF_KernelBuilder* kernel = TF_NewKernelBuilder(op.name, "CPU", make, op.compute, destroy);
    TF_RegisterKernelBuilder(op.name, kernel, status);
  }
  const bool ok = TF_GetCode(status) == 0;
  TF_DeleteStatus(status);
  return ok;
}

}  // namespace

extern "C" {
int32_t node_api_module_get_api_version_v1() { return 8; }

/** Node calls it when the library is required; an op that could not be registered fails when it is called. */
void* napi_register_module_v1(void*, void* exports) {
  static const bool once = [] {
    const std::vector<Op> ops = {
        {"TrawlGroupNorm", {"x: float", "gamma: float", "beta: float"}, {"y: float", "mean: float", "inverse: float"}, Kind::NORM, groupNorm},
        {"TrawlGroupNormGradient",
         {"dy: float", "x: float", "gamma: float", "beta: float", "mean: float", "inverse: float"},
         {"dx: float", "dgamma: float", "dbeta: float"},
         Kind::NORM,
         groupNormGradient},
        {"TrawlReplicatePad", {"x: float"}, {"y: float"}, Kind::PAD, replicatePad},
        {"TrawlReplicatePadGradient", {"dy: float"}, {"dx: float"}, Kind::PAD, replicatePadGradient},
        {"TrawlUpsample", {"x: float"}, {"y: float"}, Kind::UPSAMPLE, upsample},
        {"TrawlUpsampleGradient", {"dy: float"}, {"dx: float"}, Kind::UPSAMPLE, upsampleGradient},
    };
    return std::all_of(ops.begin(), ops.end(), registered);
  }();
  (void)once;
  return exports;
}
}
