/*
 * How V8, the C++ runtime, TensorFlow and CUDA say that memory ran out. V8 aborts with SIGABRT after its line,
 * so the exit code alone does not tell.
 */
const PATTERNS = [
  /heap out of memory|Reached heap limit|Array buffer allocation failed|Invalid typed array length/i,
  /Resource exhausted|RESOURCE_EXHAUSTED|\bOOM\b|ran out of memory|CUDA_ERROR_OUT_OF_MEMORY|CUDNN_STATUS_ALLOC_FAILED/i,
  /std::bad_alloc|Cannot allocate memory|\bENOMEM\b|memory access out of bounds.*grow|wasm.*out of memory/i,
];

export const isOutOfMemory = (text: string): boolean => PATTERNS.some((pattern) => pattern.test(text));
