import { readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Diverged, InvalidData, Stopped, type Trainer } from '@trawl/models';
import type { Backend, Checkpoint } from '@trawl/nn';
import { randomStreams } from '@trawl/nn/random';
import { type MetricCard, type ModelCard, uploadedHash, UploadSchema } from '@trawl/spec';
import { z } from 'zod';

/*
 * A model that trains nothing, slowly or fast, and fails as it is told. Its numbers depend on parameters, seed and
 * step alone, so that a run which was interrupted can be compared with one that was not.
 */

const MODES = [
  'ok',
  /** Throws an ordinary error. */
  'throw',
  /** An exception outside of any promise. */
  'crash',
  'sigkill',
  /** Ends as if all were well. */
  'exit',
  /** Waits for ever. */
  'hang',
  /** Blocks the event loop for ever. */
  'spin',
  /** Writes bytes that are no text, and goes on. */
  'garbage',
  /** Writes without end and does no step. */
  'flood',
  /** Sends its supervisor what is no message. */
  'junk',
  'nan',
  /** TensorFlow's words. */
  'oom',
  /** Fills the heap: bound it by NODE_OPTIONS. */
  'heap',
  'invalid',
  /** From here on the disk is full. */
  'full',
  /** Goes on when asked to stop. */
  'deaf',
  /** Trains well, and leaves a tensor behind. */
  'leak',
] as const;

export const StubParams = z.strictObject({
  x: z.number().default(0).meta({ description: 'The loss is lowest at 3' }),
  y: z.number().default(0).meta({ description: 'The loss is lowest at -1' }),
  epochs: z.int().min(1).default(4).meta({ description: 'epochs' }),
  steps_per_epoch: z.int().min(1).default(5).meta({ description: 'steps an epoch' }),
  ms_per_step: z.number().min(0).default(10).meta({ description: 'milliseconds' }),
  checkpoint_steps: z.int().min(0).default(0).meta({ description: 'steps between checkpoints; 0: by time' }),
  artifact_bytes: z.int().min(0).default(0).meta({ description: 'size of artifact weights.safetensors; 0: none' }),
  mode: z.enum(MODES).default('ok').meta({ description: 'How it fails' }),
  at_step: z.int().min(0).default(7).meta({ description: 'Fails when this step begins' }),
  look: UploadSchema.nullable().default(null).meta({ description: 'Weights that the walk begins with, too' }),
  once: z.boolean().default(false).meta({ description: 'Fails only in an attempt that began at step 0' }),
});
type StubParams = z.infer<typeof StubParams>;

const metric = (name: string, splits: MetricCard['splits'], direction: MetricCard['direction']): MetricCard => ({
  name,
  description: name,
  unit: '',
  splits,
  direction,
  perEpoch: true,
  summary: true,
  contains: [],
});

export const card: ModelCard = {
  name: 'stub',
  version: '1',
  title: 'Stub',
  description: 'Trains nothing; for tests',
  params: StubParams,
  datasets: ['behaviour', 'hdf5', 'sessions'],
  metrics: [
    metric('loss', ['train', 'val'], 'min'),
    metric('walk', ['train'], null),
    metric('tick', ['train'], null),
    metric('pid', ['train'], null),
  ],
  defaultSelection: { metric: 'val.loss', direction: 'min' },
  files: { look: { walk: [1] } },
  check: () => [],
};

const State = z.object({ step: z.int(), walk: z.number(), streams: z.record(z.string(), z.string()) });

export const trainer: Trainer = {
  card,
  async train(context) {
    const params = StubParams.parse(context.params);
    const { epochs, steps_per_epoch, ms_per_step, checkpoint_steps, artifact_bytes } = params;
    const state = context.resume === null ? { step: 0, walk: startOf(context) } : State.parse(context.resume.state);
    if (context.resume !== null) context.streams.restore(State.parse(context.resume.state).streams);
    const steps = epochs * steps_per_epoch;
    const loss = (): number => lossOf(params, context.seed, state.step);

    while (state.step < steps) {
      if (state.step + 1 === params.at_step && !(params.once && context.resume !== null)) await fail(params);
      await sleep(ms_per_step);
      state.step += 1;
      state.walk += context.streams.get('noise').normal();
      const epoch = Math.ceil(state.step / steps_per_epoch);
      const at = { epoch, step: state.step };
      context.report({ ...at, split: 'train', metrics: { tick: state.step, walk: state.walk, pid: process.pid } });
      if (state.step % steps_per_epoch === 0) {
        context.report({ ...at, split: 'train', metrics: { loss: loss() } });
        context.report({ ...at, split: 'val', metrics: { loss: loss() + 0.5 } });
      }
      context.progress({ ...at, epochs, steps });
      const stopping = context.signal.aborted && params.mode !== 'deaf';
      const due = checkpoint_steps > 0 ? state.step % checkpoint_steps === 0 : context.checkpointDue();
      if (stopping || due) {
        const streams = context.streams.state();
        await context.checkpoint({ tensors: {}, state: { ...state, streams, x: params.x, y: params.y } }, at);
      }
      if (stopping) throw new Stopped();
      await context.breathe();
    }
    if (artifact_bytes > 0) {
      await context.artifact(
        'weights.safetensors',
        new Uint8Array(artifact_bytes).fill(context.seed),
        'application/octet-stream',
      );
    }
    return { 'train.loss': loss(), 'val.loss': loss() + 0.5, 'train.walk': state.walk, 'train.pid': process.pid };
  },
};

/** Where weights and the file that it looks at say that the walk begins, else 0. */
function startOf({ weights, files, params }: Parameters<Trainer['train']>[0]): number {
  const looked = files.get(uploadedHash(StubParams.parse(params).look ?? '') ?? '');
  return [weights, looked].reduce((sum, file) => sum + (file?.tensors['walk']?.data[0] ?? 0), 0);
}

function lossOf({ x, y }: StubParams, seed: number, step: number): number {
  return (x - 3) ** 2 + (y + 1) ** 2 + 1 / (1 + step) + seed / 1_000;
}

async function fail({ mode, at_step }: StubParams): Promise<void> {
  switch (mode) {
    case 'ok':
    case 'deaf':
      return;
    case 'leak':
      leaked += 1;
      return;
    case 'full':
      full = true;
      return;
    case 'throw':
      throw new Error('the stub throws');
    case 'crash':
      setImmediate(() => {
        throw new Error('the stub crashes');
      });
      return forEver();
    case 'sigkill':
      process.kill(process.pid, 'SIGKILL');
      return forEver();
    case 'exit':
      return process.exit(0);
    case 'hang':
      return forEver();
    case 'spin':
      for (;;);
    case 'garbage':
      for (const stream of [process.stdout, process.stderr])
        stream.write(Buffer.alloc(100_000, '\xff\x00{"type":"succeeded"}\n', 'latin1'));
      return;
    case 'flood':
      for (;;) await new Promise((resolve) => process.stdout.write('flood '.repeat(10_000), resolve));
    case 'junk':
      process.send?.({ type: 'succeeded', summary: 'all of it' });
      return forEver();
    case 'nan':
      throw new Diverged(`train.loss is NaN at step ${at_step}`);
    case 'oom':
      throw new Error('OOM when allocating tensor with shape[64,512,512,32] and type float on /device:GPU:0');
    case 'heap': {
      const kept: unknown[] = [];
      for (;;) kept.push(Array.from({ length: 1_000 }, () => ({})));
    }
    case 'invalid':
      throw new InvalidData('trial 3 has no frames');
    default:
      return mode satisfies never;
  }
}

/** As TensorFlow.js would count. */
let leaked = 0;
/** Whether the disk is. */
let full = false;

async function forEver(): Promise<never> {
  for (;;) await sleep(60_000);
}

/** The device that the worker is told to have. */
const foundDevice = (): string => (process.env['CUDA_VISIBLE_DEVICES'] === '-1' ? 'stub' : 'gpu:0 stub');

/** Without TensorFlow.js and its files: a stub starts in a fraction of a second. */
export const equipment = {
  liveTensors: () => leaked,
  openBackend: async (): Promise<Pick<Backend, 'info'>> => ({
    info: { backend: 'cpu', device: foundDevice(), threads: 1, versions: { node: process.version } },
  }),
  warmUp: async () => {},
  randomStreams: async (seed: number) => randomStreams(seed),
  async readCheckpoint(path: string): Promise<Checkpoint> {
    const bytes = await readFile(path);
    if (bytes.subarray(0, 1).toString() === '{') return { tensors: {}, state: JSON.parse(bytes.toString()) };
    // Uploaded weights: a vector `walk` of one number.
    const walk = bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
    return { tensors: { walk: { shape: [1], data: Float32Array.of(walk.readFloatLE()) } }, state: null };
  },
  async writeCheckpoint(path: string, { state }: Checkpoint) {
    // What is written there meets Linux's own error.
    if (full) await symlink('/dev/full', `${path}.partial`);
    await writeFile(`${path}.partial`, JSON.stringify(state));
    await rename(`${path}.partial`, path);
  },
};
