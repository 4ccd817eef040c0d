/** One line of the result; null where not measured. Times in milliseconds, memory resident on the host. */
export interface StepResult {
  model: string;
  size: number;
  batch: number;
  backend: string;
  threads: number;
  /** Median. */
  msPerStep: number | null;
  pytorchMsPerStep: number | null;
  /** msPerStep / pytorchMsPerStep. */
  ratio: number | null;
  peakMb: number | null;
  pytorchPeakMb: number | null;
  /** Share of a step's time outside of kernels (JavaScript, uploads, allocation) in steps that wait for every kernel. */
  overheadShare: number | null;
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
