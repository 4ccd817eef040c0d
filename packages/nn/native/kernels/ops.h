#pragma once
#include "capi.h"

namespace trawl {

// Of one op each: `kernel` is its Attributes.
void groupNorm(void* kernel, TF_OpKernelContext* context);
void groupNormGradient(void* kernel, TF_OpKernelContext* context);
void replicatePad(void* kernel, TF_OpKernelContext* context);
void replicatePadGradient(void* kernel, TF_OpKernelContext* context);
void upsample(void* kernel, TF_OpKernelContext* context);
void upsampleGradient(void* kernel, TF_OpKernelContext* context);

}  // namespace trawl
