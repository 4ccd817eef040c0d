/**
 * Tells libtensorflow, which takes its settings from the environment when it is loaded. Writes the environment of
 * this process and reads nothing from it.
 *
 * oneDNN makes convolutions four times as fast, and one machine, build and number of threads still gives the same bits
 * (test/training/native.test.ts trains twice).
 */
export function tellLibtensorflow(threads: number | undefined): void {
  Object.assign(process.env, {
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_ENABLE_ONEDNN_OPTS: '1',
    // Else the first trainer on a GPU takes all of its memory.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_DETERMINISTIC_OPS: '1',
    TF_CUDNN_DETERMINISTIC: '1',
  });
  if (threads === undefined) return;
  Object.assign(process.env, {
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
  });
}
