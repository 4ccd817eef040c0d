/*
 * Ops that TensorFlow has no single kernel for, or one that takes a single thread, on the CPU: group normalisation with
 * ReLU, upsampling, and a repeated border around what they give or alone, each with its gradient. Composed of TensorFlow's
 * ops a normalisation reads and writes its images some fifteen times, which beside small convolutions is most of a
 * step; these do so three times.
 *
 * Images are shared out among threads and sums are taken image by image, so that the numbers do not depend on how many
 * threads there are.
 */
#include <algorithm>
#include <memory>

#include "images.h"
#include "ops.h"

namespace trawl {

namespace {

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

}  // namespace trawl
