/*
 * Lets JavaScript run ahead of TensorFlow's kernels on the CPU.
 *
 * The addon of TensorFlow.js executes an op and then asks for the shape of what came out, which waits for its kernel: while
 * JavaScript prepares an op the kernels' threads stand still, and the other way round. Here ops go into TensorFlow's own
 * queue of eager ops, in the order of the calls, and shapes are inferred from those of the inputs by the ops' own
 * shape functions. Where these cannot tell (a shape that depends on numbers), and where numbers are read, it is waited
 * as before. A kernel's failure comes up when numbers are read, or at a later op.
 *
 * What JavaScript drops before its turn has come is the queue's alone, and TensorFlow computes in its place.
 *
 * It works by name: this library is loaded before the addon and into the scope of the whole process, so that the addon's
 * calls of the functions below come here. JavaScript's one thread makes them all. With a GPU, which has a queue of its
 * own, calls are passed on.
 */
#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

struct TF_Status;
struct TF_Tensor;
struct TF_DeviceList;
struct TFE_Context;
struct TFE_ContextOptions;
struct TFE_Executor;
struct TFE_Op;
struct TFE_TensorHandle;
struct TF_ShapeAndType {
  int rank;
  int64_t* dims;
  int dtype;
};
struct TF_ShapeAndTypeList {
  int count;
  TF_ShapeAndType* items;
};

// Of these only the types are used; REAL finds the functions.
extern "C" {
TF_Status* TF_NewStatus();
int TF_GetCode(const TF_Status*);
int TF_TensorType(const TF_Tensor*);
int TF_NumDims(const TF_Tensor*);
int64_t TF_Dim(const TF_Tensor*, int);
int64_t TF_TensorElementCount(const TF_Tensor*);
size_t TF_TensorByteSize(const TF_Tensor*);
void* TF_TensorData(const TF_Tensor*);
TF_Tensor* TF_AllocateTensor(int type, const int64_t* dims, int rank, size_t bytes);
void TF_DeleteTensor(TF_Tensor*);
int TF_DeviceListCount(const TF_DeviceList*);
const char* TF_DeviceListType(const TF_DeviceList*, int, TF_Status*);
void TF_DeleteDeviceList(TF_DeviceList*);
TF_ShapeAndTypeList* TF_NewShapeAndTypeList(int);
void TF_ShapeAndTypeListSetShape(TF_ShapeAndTypeList*, int, const int64_t*, int);
void TF_DeleteShapeAndTypeList(TF_ShapeAndTypeList*);
void TFE_InferShapes(TFE_Op*, TF_ShapeAndTypeList* shapes, TF_Tensor** values, TF_ShapeAndTypeList* valuesAsShapes,
                     TF_ShapeAndTypeList** resources, TF_ShapeAndTypeList** outputs, TF_ShapeAndTypeList*** outputResources, TF_Status*);
TF_DeviceList* TFE_ContextListDevices(TFE_Context*, TF_Status*);
TFE_Executor* TFE_NewExecutor(bool async, bool streaming, int limit);
void TFE_ContextSetExecutorForThread(TFE_Context*, TFE_Executor*);
void TFE_ExecutorWaitForAllPendingNodes(TFE_Executor*, TF_Status*);
void TFE_ExecutorClearError(TFE_Executor*);
TFE_TensorHandle* TFE_TensorHandleCopySharingTensor(TFE_TensorHandle*, TF_Status*);
int64_t TFE_TensorHandleDim(TFE_TensorHandle*, int, TF_Status*);
}

namespace {

constexpr int INT32 = 3;
constexpr int STRING = 7;
/** Integers that are kept for shape functions: axes, paddings, shapes. */
constexpr int64_t FEW = 32;
/** Ops that may wait. With fewer, more of a step's intermediates are still JavaScript's when their turn comes. */
constexpr int MOST_WAITING = 1000;

/** A function of libtensorflow, which the addon has loaded by the time that it calls us. */
void* find(const char* name) {
  static void* const library = [] {
    void* wheel = dlopen("libtensorflow_cc.so.2", RTLD_LAZY | RTLD_NOLOAD);
    return wheel ? wheel : dlopen("libtensorflow.so.2", RTLD_LAZY | RTLD_NOLOAD);
  }();
  return library ? dlsym(library, name) : nullptr;
}

#define REAL(name)                                                      \
  (*[] {                                                                \
    static const auto found = reinterpret_cast<decltype(&name)>(find(#name)); \
    return found;                                                       \
  }())

using Shape = std::vector<int64_t>;

struct Known {
  Shape shape;
  /** The numbers, where they are few integers from the host. */
  TF_Tensor* value = nullptr;
  int references = 1;
};

struct Call {
  TFE_Op* op = nullptr;
  std::string name;
  std::vector<TFE_TensorHandle*> inputs;
  std::unordered_map<std::string, int64_t> numbers;
};

/** Null where calls are passed on. */
TFE_Executor* executor = nullptr;
// Never destroyed: the addon deletes handles as late as at the end of the process.
auto& known = *new std::unordered_map<TFE_TensorHandle*, Known>();
/** The op that is being put together. */
auto& current = *new Call();

bool ok(const TF_Status* status) { return REAL(TF_GetCode)(status) == 0; }

void drain() { REAL(TFE_ExecutorWaitForAllPendingNodes)(executor, REAL(TF_NewStatus)()); }

/** After a failure the queue takes nothing until it is told to. */
void recover(const TF_Status* status) {
  if (executor && !ok(status)) REAL(TFE_ExecutorClearError)(executor);
}

/** [n, h, w, c] with its height and width times a / b, and a border. */
Shape resized(Shape images, int64_t a, int64_t b, int64_t border) {
  for (int axis : {1, 2}) images.at(axis) = images[axis] * a / b + 2 * border;
  return images;
}

/** Of the ops of ../kernels: the C API gives their shape functions no attributes. Empty: not one of them. */
std::vector<Shape> shapesOfOurs() {
  const auto input = [](size_t i) { return known.at(current.inputs.at(i)).shape; };
  const auto number = [](const char* name) { return current.numbers[name]; };
  const std::string& name = current.name;
  if (name == "TrawlGroupNorm") {
    const Shape moments = {input(0).at(0), input(0).at(3)};
    return {resized(input(0), 1, 1, number("border")), moments, moments};
  }
  if (name == "TrawlGroupNormGradient") return {input(1), input(2), input(3)};
  if (name == "TrawlReplicatePad") return {resized(input(0), 1, 1, number("border"))};
  if (name == "TrawlReplicatePadGradient") return {resized(input(0), 1, 1, -number("border"))};
  if (name == "TrawlUpsample") return {resized(input(0), number("times"), 1, number("border"))};
  if (name == "TrawlUpsampleGradient")
    return {resized(resized(input(0), 1, 1, -number("border")), 1, number("times"), 0)};
  return {};
}

std::vector<Shape> wholeShapes(const TF_ShapeAndTypeList& list) {
  std::vector<Shape> shapes;
  for (int i = 0; i < list.count; i++) {
    const TF_ShapeAndType& item = list.items[i];
    if (item.rank < 0) return {};
    shapes.emplace_back(item.dims, item.dims + item.rank);
    for (int64_t dim : shapes.back())
      if (dim < 0) return {};
  }
  return shapes;
}

/** Of all that comes out of the current op; empty where it cannot be told beforehand. */
std::vector<Shape> inferredShapes() {
  static TF_Status* const status = REAL(TF_NewStatus)();
  for (TFE_TensorHandle* input : current.inputs)
    if (known.find(input) == known.end()) return {};
  const std::vector<Shape> ours = shapesOfOurs();
  if (!ours.empty()) return ours;
  TF_ShapeAndTypeList* inputs = REAL(TF_NewShapeAndTypeList)(static_cast<int>(current.inputs.size()));
  std::vector<TF_Tensor*> values;
  for (TFE_TensorHandle* handle : current.inputs) {
    const Known& input = known.at(handle);
    REAL(TF_ShapeAndTypeListSetShape)(inputs, static_cast<int>(values.size()), input.shape.data(), static_cast<int>(input.shape.size()));
    values.push_back(input.value);
  }
  TF_ShapeAndTypeList* outputs = nullptr;
  REAL(TFE_InferShapes)(current.op, inputs, values.data(), nullptr, nullptr, &outputs, nullptr, status);
  REAL(TF_DeleteShapeAndTypeList)(inputs);
  if (!outputs) return {};
  const std::vector<Shape> shapes = ok(status) ? wholeShapes(*outputs) : std::vector<Shape>();
  REAL(TF_DeleteShapeAndTypeList)(outputs);
  return shapes;
}

bool onGpu(TFE_Context* context, TF_Status* status) {
  TF_DeviceList* devices = REAL(TFE_ContextListDevices)(context, status);
  bool gpu = false;
  for (int i = 0; ok(status) && i < REAL(TF_DeviceListCount)(devices); i++)
    gpu = gpu || std::strcmp(REAL(TF_DeviceListType)(devices, i, status), "GPU") == 0;
  if (devices) REAL(TF_DeleteDeviceList)(devices);
  return gpu;
}

}  // namespace

extern "C" {
TFE_Context* TFE_NewContext(const TFE_ContextOptions* options, TF_Status* status) {
  TFE_Context* context = REAL(TFE_NewContext)(options, status);
  // Google's archive of the C library may come without what is experimental.
  if (!ok(status) || executor || !find("TFE_InferShapes") || !find("TFE_NewExecutor")) return context;
  if (onGpu(context, status) || !ok(status)) return context;
  executor = REAL(TFE_NewExecutor)(true, true, MOST_WAITING);
  REAL(TFE_ContextSetExecutorForThread)(context, executor);
  // Else the process would end under a kernel that runs.
  std::atexit(drain);
  return context;
}

/** Of a copy: the memory is JavaScript's, and only JavaScript's thread may let go of it. */
TFE_TensorHandle* TFE_NewTensorHandle(const TF_Tensor* tensor, TF_Status* status) {
  const int type = REAL(TF_TensorType)(tensor);
  if (!executor || type == STRING) return REAL(TFE_NewTensorHandle)(tensor, status);
  Shape shape;
  for (int i = 0; i < REAL(TF_NumDims)(tensor); i++) shape.push_back(REAL(TF_Dim)(tensor, i));
  const size_t bytes = REAL(TF_TensorByteSize)(tensor);
  TF_Tensor* copy = REAL(TF_AllocateTensor)(type, shape.data(), static_cast<int>(shape.size()), bytes);
  std::memcpy(REAL(TF_TensorData)(copy), REAL(TF_TensorData)(tensor), bytes);
  TFE_TensorHandle* handle = REAL(TFE_NewTensorHandle)(copy, status);
  const bool kept = handle && type == INT32 && REAL(TF_TensorElementCount)(copy) <= FEW;
  if (handle) known[handle] = {shape, kept ? copy : nullptr};
  if (!kept) REAL(TF_DeleteTensor)(copy);
  return handle;
}

/** It is on the one device. */
TFE_TensorHandle* TFE_TensorHandleCopyToDevice(TFE_TensorHandle* handle, TFE_Context* context, const char* device, TF_Status* status) {
  if (!executor) return REAL(TFE_TensorHandleCopyToDevice)(handle, context, device, status);
  TFE_TensorHandle* same = REAL(TFE_TensorHandleCopySharingTensor)(handle, status);
  const auto entry = known.find(same);
  if (entry != known.end()) entry->second.references++;
  return same;
}

TFE_Op* TFE_NewOp(TFE_Context* context, const char* name, TF_Status* status) {
  current.op = REAL(TFE_NewOp)(context, name, status);
  current.name = name;
  current.inputs.clear();
  current.numbers.clear();
  return current.op;
}

void TFE_OpAddInput(TFE_Op* op, TFE_TensorHandle* input, TF_Status* status) {
  if (op == current.op) current.inputs.push_back(input);
  REAL(TFE_OpAddInput)(op, input, status);
}

void TFE_OpSetAttrInt(TFE_Op* op, const char* name, int64_t value) {
  if (op == current.op) current.numbers[name] = value;
  REAL(TFE_OpSetAttrInt)(op, name, value);
}

void TFE_Execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status) {
  const std::vector<Shape> shapes = executor && op == current.op ? inferredShapes() : std::vector<Shape>();
  REAL(TFE_Execute)(op, outputs, count, status);
  recover(status);
  if (!ok(status) || shapes.size() != static_cast<size_t>(*count)) return;
  for (size_t i = 0; i < shapes.size(); i++) known[outputs[i]] = {shapes[i], nullptr};
}

int TFE_TensorHandleNumDims(TFE_TensorHandle* handle, TF_Status* status) {
  const auto entry = known.find(handle);
  if (entry != known.end()) return static_cast<int>(entry->second.shape.size());
  const int rank = REAL(TFE_TensorHandleNumDims)(handle, status);
  recover(status);
  if (!executor || !ok(status)) return rank;
  Shape shape;
  for (int i = 0; i < rank; i++) shape.push_back(REAL(TFE_TensorHandleDim)(handle, i, status));
  known[handle] = {shape, nullptr};
  return rank;
}

int64_t TFE_TensorHandleDim(TFE_TensorHandle* handle, int axis, TF_Status* status) {
  const auto entry = known.find(handle);
  return entry != known.end() ? entry->second.shape.at(axis) : REAL(TFE_TensorHandleDim)(handle, axis, status);
}

TF_Tensor* TFE_TensorHandleResolve(TFE_TensorHandle* handle, TF_Status* status) {
  TF_Tensor* tensor = REAL(TFE_TensorHandleResolve)(handle, status);
  recover(status);
  return tensor;
}

void TFE_DeleteTensorHandle(TFE_TensorHandle* handle) {
  const auto entry = known.find(handle);
  if (entry != known.end() && --entry->second.references == 0) {
    if (entry->second.value) REAL(TF_DeleteTensor)(entry->second.value);
    known.erase(entry);
  }
  REAL(TFE_DeleteTensorHandle)(handle);
}

int32_t node_api_module_get_api_version_v1() { return 8; }

/** There is nothing for JavaScript. */
void* napi_register_module_v1(void*, void* exports) { return exports; }
}
