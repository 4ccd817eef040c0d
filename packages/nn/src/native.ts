/*
 * Native builds of TensorFlow, for `trawl native` and `trawl doctor`: nothing here loads TensorFlow.js.
 */
export * from './backend/report.js';
export { findNative, type NativeBuild, nativeDirectory, removeNative } from './native/builds.js';
export { cudaFolders, installedCudaFolders } from './native/cuda.js';
export * from './native/install.js';
export { type Missing, missingForNative, type NativePlan, type NativeSource } from './native/prerequisites.js';
