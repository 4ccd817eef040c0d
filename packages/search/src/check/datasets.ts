import { canonicalJson, DatasetSchema, faultsOf, joinPath, oneOf, shortGiven } from '@trawl/spec';
import type { DatasetFacts, DatasetSpec, Fault, Params, Space } from '@trawl/spec';
import { datasetAt, variesDataset } from '../assign.js';
import { datasetKey } from '../cells.js';
import { countCells } from '../space/count.js';
import { axesOf } from '../space/groups.js';
import { pointsOf } from '../space/points.js';
import { concerns } from './axes.js';
import type { Axis } from './axes.js';
import type { CheckEnv } from './checkSweep.js';
import type { Placed, StageDraft } from './draft.js';

/** Every one is looked at when a sweep is posted. */
const MAX_DATASETS = 1_000;

/** All datasets of a sweep, each looked at once. */
export class Datasets {
  readonly #env: CheckEnv;
  readonly #seen = new Map<string, { dataset: DatasetSpec; facts: DatasetFacts | null }>();

  constructor(env: CheckEnv) {
    this.#env = env;
  }

  /** What is known of a dataset that was looked at. */
  facts(dataset: Params): DatasetFacts | null {
    return this.#seen.get(canonicalJson(dataset))?.facts ?? null;
  }

  all(): { dataset: DatasetSpec; facts: DatasetFacts }[] {
    return [...this.#seen.values()].flatMap(({ dataset, facts }) => (facts === null ? [] : [{ dataset, facts }]));
  }

  /** What `StagePlan.datasetHashes` says of a stage that varies its dataset; undefined of any other. */
  hashes(dataset: DatasetSpec, space: Space): Record<string, string> | undefined {
    if (!axesOf(space).some(variesDataset)) return undefined;
    const hashes: Record<string, string> = {};
    for (const point of pointsOf(datasetSpace(space))) {
      const varied = DatasetSchema.parse(datasetAt(dataset, point));
      const facts = this.facts(varied);
      if (facts !== null) hashes[datasetKey(varied)] = facts.hash;
    }
    return hashes;
  }

  /** Looks at the datasets of a search stage: its own, and one for each point of its `dataset.` axes.
   * `sound` is its space without what is known to be wrong. */
  async check(stage: StageDraft, axes: readonly Axis[], sound: Space): Promise<Fault[]> {
    const base = stage.dataset;
    if (base === null) return [];
    const varied = axes.filter(({ key }) => variesDataset(key));
    const space = datasetSpace(sound);
    const count = countCells(space);
    if (count > MAX_DATASETS) {
      const path = varied[0]?.at ?? base.at;
      return [{ path, message: `makes ${count} datasets`, given: count, allowed: `at most ${MAX_DATASETS} a stage` }];
    }
    const faults = await this.#look(base.value, (path) => joinPath(base.at, path));
    for (const point of varied.length === 0 ? [] : pointsOf(space)) {
      const placeOf = (path: string): string => {
        const full = joinPath('dataset', path);
        const axis = varied.find(({ key }) => concerns(key, full));
        return axis === undefined ? joinPath(base.at, path) : axis.placeOf(point[axis.key] ?? null);
      };
      const raw = datasetAt(base.value, point);
      const parsed = DatasetSchema.safeParse(raw);
      const found = parsed.success
        ? await this.#look(parsed.data, placeOf)
        : faultsOf(parsed.error, raw, DatasetSchema).map((fault) => ({ ...fault, path: placeOf(fault.path) }));
      faults.push(...found);
    }
    return [...faults, ...wrongKind(stage, base)];
  }

  /** `placeOf` says where a part of the dataset stands in the sweep. */
  async #look(dataset: DatasetSpec, placeOf: (path: string) => string): Promise<Fault[]> {
    const key = canonicalJson(dataset);
    if (this.#seen.has(key)) return [];
    const inspected = await this.#env.inspect(dataset, 'dataset');
    this.#seen.set(key, { dataset, facts: 'facts' in inspected ? inspected.facts : null });
    if ('facts' in inspected) return [];
    return inspected.faults.map((fault) => {
      const path = fault.path.replace(/^dataset\.?/, '');
      return { ...fault, path: placeOf(path), given: shortGiven(fault.given ?? givenAt(dataset, path)) };
    });
  }
}

/** What the spec says where a fault is found in a file. */
const givenAt = (dataset: Params, path: string): unknown => (path === '' ? dataset : dataset[path.split('.')[0] ?? '']);

function wrongKind({ card }: StageDraft, { at, value: { kind } }: Placed<DatasetSpec>): Fault[] {
  if (card === null || card.datasets.includes(kind)) return [];
  const message = `${card.name} does not take this kind of data`;
  return [{ path: joinPath(at, 'kind'), message, given: kind, allowed: oneOf(card.datasets) }];
}

const ofDataset = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => variesDataset(key)));

/** The part of a space that varies the dataset; exclusions do not matter for what there is to look at. */
function datasetSpace(space: Space): Space {
  const cells = new Map(space.cells.map(ofDataset).map((cell) => [canonicalJson(cell), cell]));
  const drawn = Object.keys(space.random?.space ?? {}).some(variesDataset);
  return {
    grid: ofDataset(space.grid),
    zip: ofDataset(space.zip),
    cells: [...cells.values()].filter((cell) => Object.keys(cell).length > 0),
    exclude: [],
    random: drawn ? space.random : null,
  };
}
