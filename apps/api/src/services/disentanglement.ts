import { buffer } from 'node:stream/consumers';
import { readLatents } from '@trawl/models/latentsFile';
import { distribution, udr } from '@trawl/search';
import type { RankableCell, RankableRun } from '@trawl/search';
import type { Udr } from '@trawl/spec';
import type { Services } from './services.js';
import { newestSearch, stageNamed, stagesOf } from './stages.js';

/** Rows that are compared, at equal distances over all frames. */
const FRAMES = 1_000;
/** Of one file: it is read into memory. */
const MOST_BYTES = 256 * 2 ** 20;
/** Runs of a cell: every pair of them is compared. */
const MOST_RUNS = 50;

type Cell = Udr['cells'][number];
type Seed = Cell['seeds'][number];
interface Read {
  run: RankableRun;
  latents: Float64Array[] | null;
  why: string | null;
}

/** The cells of a stage with the UDR of each of their seeds, from the latents that its runs left. */
export async function disentanglement(
  sweepId: string,
  query: { stage?: string | undefined },
  services: Services,
): Promise<Udr> {
  const stages = await stagesOf(sweepId, services);
  const stage = query.stage === undefined ? newestSearch(stages) : stageNamed(query.stage, stages);
  const { cells, runs } = await services.store.stages.results(stage.id);
  const scored: Cell[] = [];
  for (const cell of cells) {
    const ofCell = runs.filter(({ cellId }) => cellId === cell.cellId);
    scored.push(await scoreCell(cell, ofCell, services));
  }
  return { sweepId, stage: stage.name, cells: scored };
}

async function scoreCell(
  { cellId, point }: RankableCell,
  runs: readonly RankableRun[],
  services: Services,
): Promise<Cell> {
  const read: Read[] = [];
  for (const run of runs.slice(0, MOST_RUNS)) read.push(await latentsOf(run, services));
  const usable = read.flatMap(({ run, latents }) => (latents === null ? [] : [{ seed: run.seed, latents }]));
  const scores = new Map(udr(usable).map((score) => [score.seed, score.udr]));
  const seeds = read.map(({ run, why }): Seed => {
    const score = scores.get(run.seed) ?? null;
    const alone = usable.length < 2 ? 'no other seed of the cell to compare with' : 'no latent is active';
    return { seed: run.seed, runId: run.runId, udr: score, why: why ?? (score === null ? alone : null) };
  });
  // The scores of two seeds share a pair (of a cell with two they are one number): an interval would be too narrow.
  const score = { ...distribution(seeds.flatMap((seed) => seed.udr ?? [])), interval: null, intervalMethod: null };
  return { cellId, point, score, seeds };
}

async function latentsOf(run: RankableRun, { store, files }: Services): Promise<Read> {
  const missing = (why: string): Read => ({ run, latents: null, why });
  if (run.state !== 'succeeded') return missing(run.state);
  const units = run.summary['train.unsupervised_units'] ?? 0;
  if (units === 0) return missing('the model has no unsupervised latents');
  const artifact = (await store.artifacts.of(run.runId)).find(({ name }) => name === 'latents.npz');
  if (artifact === undefined) return missing('it left no latents.npz');
  if (artifact.size > MOST_BYTES) return missing(`latents.npz is larger than ${MOST_BYTES} bytes`);
  const file = await files.open(artifact.sha256);
  if (file === null) return missing('its latents.npz is gone');
  return { run, latents: readLatents(await buffer(file.stream), units, FRAMES), why: null };
}
