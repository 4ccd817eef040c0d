import type { Tf } from '@trawl/nn';
import { isNative } from '@trawl/nn/kernels/native';

export interface KernelTime {
  calls: number;
  /** Without the kernels that it called. */
  ms: number;
  /** False for what is no computation: uploads and frees. */
  kernel: boolean;
}

/** By kernel, or by TensorFlow's op on the native backend. */
export type KernelTimes = Record<string, KernelTime>;

/** Times every kernel of the open backend between `start` and `stop`. */
export interface KernelClock {
  start(): void;
  stop(): KernelTimes;
}

export function kernelClock(tf: Tf): KernelClock {
  let times: KernelTimes | null = null;
  /** Milliseconds inside of callees, of each call under way. */
  const inner: number[] = [];

  function timed<T>(name: string, kernel: boolean, call: () => T): T {
    if (!times) return call();
    const time = (times[name] ??= { calls: 0, ms: 0, kernel });
    inner.push(0);
    const began = performance.now();
    try {
      return call();
    } finally {
      const ms = performance.now() - began;
      time.calls += 1;
      time.ms += ms - (inner.pop() ?? 0);
      const caller = inner.pop();
      if (caller !== undefined) inner.push(caller + ms);
    }
  }

  const backend = tf.backend();
  if (isNative(backend)) {
    const { binding } = backend;
    const one = binding.createTensor([], binding.TF_FLOAT, new Float32Array(1));
    const type = [{ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }];
    /** Until the kernels before it are done: JavaScript may be ahead of them. */
    const settle = (): void => {
      for (const { id } of binding.executeOp('Identity', type, [one], 1)) {
        binding.tensorDataSync(id);
        binding.deleteTensor(id);
      }
    };
    const executeSettled: typeof binding.executeOp = (...args) => {
      const outputs = binding.executeOp(...args);
      if (times) settle();
      return outputs;
    };
    const watched: Partial<typeof binding> = {
      executeOp: (...args) => timed(args[0], true, () => executeSettled(...args)),
      // A GPU computes behind the program's back: whoever reads waits for its kernels.
      tensorDataSync: (id) => timed('(read)', true, () => binding.tensorDataSync(id)),
      createTensor: (...args) => timed('(upload)', false, () => binding.createTensor(...args)),
      deleteTensor: (id) => timed('(free)', false, () => binding.deleteTensor(id)),
    };
    // Its own properties are read-only.
    backend.binding = Object.create(binding, Object.getOwnPropertyDescriptors(watched));
  } else {
    for (const config of tf.getKernelsForBackend(tf.getBackend())) {
      const { kernelFunc } = config;
      config.kernelFunc = (args) => timed(config.kernelName, true, () => kernelFunc(args));
    }
  }

  return {
    start() {
      times = {};
    },
    stop() {
      const taken = times ?? {};
      times = null;
      return taken;
    },
  };
}
