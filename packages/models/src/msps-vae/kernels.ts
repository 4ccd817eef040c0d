/** What MSPS-VAE asks of a backend beyond the family, forward and back, by TensorFlow.js name. */
export const KERNELS: readonly string[] = ['GatherV2', 'Relu', 'SplitV', 'Sqrt', 'UnsortedSegmentSum'];
