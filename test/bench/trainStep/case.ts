import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { say } from '../say.js';
import type { Child } from './child.js';
import { startChild } from './child.js';
import type { BenchedBackend, Options } from './options.js';
import type { PyTorch } from './pytorch.js';
import { startPyTorch } from './pytorch.js';
import { profileTable } from './profile.js';
import type { Stepped } from './protocol.js';
import type { StepResult } from './result.js';
import { median } from './result.js';
import type { Workload } from './workload.js';

/** A process of a case and what was measured of it. */
interface Side {
  name: string;
  child: Child;
  ms: number[];
  peakMb: number;
}

interface Pair {
  backend: BenchedBackend;
  threads: number;
  /** Null where it could not be started. */
  ours: Side | null;
  pytorch: Side | null;
}

const TURN_MS = 2000;
const MOST_STEPS = 5;
const PROFILED_STEPS = 3;

/** Every process takes its turn in every round, so that what else the machine does hits all alike. */
export async function measureCase(
  workload: Workload,
  options: Options,
  have: { native: boolean; pytorch: PyTorch },
): Promise<StepResult[]> {
  const { model, size, batch } = workload;
  say(`${model}, ${batch} frames of ${size}x${size}; load ${load()}`);
  const pairs = await openPairs(workload, options, have);
  const sides = new Set(pairs.flatMap(({ ours, pytorch }) => [ours, pytorch]).filter((side) => side !== null));
  try {
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const side of sides) await takeTurn(side);
      say(`  round ${round} of ${options.rounds}: ${[...sides].map(shown).join(', ')}; load ${load()}`);
    }
    const results: StepResult[] = [];
    for (const { backend, threads, ours, pytorch } of pairs) {
      const [own, their] = [median(ours?.ms ?? []), median(pytorch?.ms ?? [])];
      results.push({
        model,
        size,
        batch,
        backend,
        threads,
        msPerStep: rounded(own, 1),
        pytorchMsPerStep: rounded(their, 1),
        ratio: own !== null && their !== null ? rounded(own / their, 3) : null,
        peakMb: ours?.peakMb ?? null,
        pytorchPeakMb: pytorch?.peakMb ?? null,
        overheadShare: ours && rounded(await overheadOf(ours, options.profile), 3),
      });
    }
    return results;
  } finally {
    await Promise.all([...sides].map(({ child }) => child.close()));
  }
}

async function openPairs(
  workload: Workload,
  options: Options,
  have: { native: boolean; pytorch: PyTorch },
): Promise<Pair[]> {
  const wanted = options.backends.flatMap((backend) =>
    (backend === 'wasm' ? [1] : options.threads).map((threads) => ({ backend, threads })),
  );
  /** By device and threads: two of ours may be compared with one of them. */
  const peers = new Map<string, Side | null>();
  const pairs: Pair[] = [];
  for (const { backend, threads } of wanted) {
    const can = backend === 'wasm' || have.native;
    const ours = can ? await open(`${backend}/${threads}`, () => startOurs(workload, backend, threads)) : null;
    const device = ours?.child.ready.device.startsWith('gpu') ? 'cuda' : 'cpu';
    const name = `PyTorch ${device}/${threads}`;
    if (have.pytorch.devices.includes(device) && !peers.has(name)) {
      peers.set(name, await open(name, () => startPyTorch(workload, threads, device)));
    }
    const pytorch = peers.get(name) ?? null;
    const [own, their] = [ours?.child.ready.parameters, pytorch?.child.ready.parameters];
    if (own !== undefined && their !== undefined && own !== their)
      throw new Error(`not the same model: ${own} weights, in PyTorch ${their}`);
    pairs.push({ backend, threads, ours, pytorch });
  }
  return pairs;
}

async function open(name: string, start: () => Promise<Child>): Promise<Side | null> {
  try {
    return { name, child: await start(), ms: [], peakMb: 0 };
  } catch (error) {
    say(`  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

const stepper = fileURLToPath(new URL('stepper.js', import.meta.url));

const startOurs = ({ model, dataset, params }: Workload, backend: BenchedBackend, threads: number): Promise<Child> =>
  startChild(process.execPath, [stepper, JSON.stringify({ model, dataset, params, backend, threads })]);

async function takeTurn(side: Side): Promise<void> {
  const usual = median(side.ms) ?? TURN_MS;
  const steps = Math.min(MOST_STEPS, Math.max(1, Math.round(TURN_MS / usual)));
  // After the others' turns its code and its threads are cold, which those of a training never are.
  await side.child.step({ steps: 1, profile: false });
  const { ms, peakMb } = await side.child.step({ steps, profile: false });
  side.ms.push(...ms);
  side.peakMb = peakMb;
}

/** In steps of their own, since watching takes time too. */
async function overheadOf({ name, child }: Side, shows: boolean): Promise<number | null> {
  const stepped: Stepped = await child.step({ steps: PROFILED_STEPS, profile: true });
  const total = stepped.ms.reduce((sum, ms) => sum + ms, 0);
  const kernels = Object.values(stepped.kernels ?? {}).reduce((sum, { ms, kernel }) => sum + (kernel ? ms : 0), 0);
  if (shows && stepped.kernels)
    say(`${name}, of one step:\n${profileTable(stepped.kernels, stepped.ms.length, total)}`);
  return 1 - kernels / total;
}

const load = (): string => (loadavg()[0] ?? 0).toFixed(1);
const shown = ({ name, ms }: Side): string => `${name} ${median(ms)?.toFixed(0)} ms`;
const rounded = (value: number | null, digits: number): number | null =>
  value === null ? null : Number(value.toFixed(digits));
