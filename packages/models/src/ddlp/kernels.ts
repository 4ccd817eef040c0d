import { KERNELS as DLP_KERNELS } from '../dlp/kernels.js';

/** What a run of DDLP asks of a backend, forward and back, by TensorFlow.js name. */
export const KERNELS: readonly string[] = [
  ...DLP_KERNELS,
  'DepthwiseConv2dNative',
  'Erf',
  'Max',
  'Sqrt',
  'Unpack',
].toSorted();
