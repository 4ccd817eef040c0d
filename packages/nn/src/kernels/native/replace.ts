import * as tf from '@tensorflow/tfjs-core';

/** The result, or null to leave the call to the package's kernel. */
export type NativeKernel = (inputs: Record<string, tf.Tensor>, attrs: tf.NamedAttrMap) => tf.Tensor | null;

/**
 * Puts a kernel before the package's own. On a CPU only: what is slow there need not be on a GPU. It may call any op;
 * none is taped, and none leaves a tensor.
 */
export function registerCpuKernel(kernelName: string, kernel: NativeKernel): void {
  const original = tf.getKernel(kernelName, 'tensorflow');
  tf.unregisterKernel(kernelName, 'tensorflow');
  tf.registerKernel({
    ...original,
    kernelFunc(args) {
      const { inputs, attrs = {} } = args;
      const onGpu = 'isUsingGpuDevice' in args.backend && args.backend.isUsingGpuDevice === true;
      if (onGpu || !areTensors(inputs)) return original.kernelFunc(args);
      const [result] = tf.tidy(() => [kernel(inputs, attrs)].filter((tensor) => tensor !== null));
      return result ?? original.kernelFunc(args);
    },
  });
}

const areTensors = (inputs: tf.NamedTensorInfoMap): inputs is Record<string, tf.Tensor> =>
  Object.values(inputs).every((input) => input instanceof tf.Tensor);
