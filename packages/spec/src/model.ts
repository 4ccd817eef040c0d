import type { z } from 'zod';
import type { DatasetFacts, DatasetKind } from './dataset.js';
import type { Direction, Split, Summary } from './metrics.js';
import type { Fault, Params } from './values.js';

/** A metric that a model reports, declared so that a POST can be checked before anything trains. */
export interface MetricCard {
  /** Without split: `label_mse`. */
  name: string;
  description: string;
  unit: string;
  splits: readonly Split[];
  /** Where better lies; null for a number that is neither. */
  direction: Direction | null;
  /** In the metric stream, once an epoch and split. */
  perEpoch: boolean;
  /** In the run's summary: only these can rank. */
  summary: boolean;
  /** Splits whose summary also has the number of each label by itself: `label_mse_1` is the first label's. */
  perLabel?: readonly Split[];
  /** Parameters whose value enters the metric's definition: ranking one of them by it is a fault. */
  contains: readonly string[];
  /** Why a run may not compete on this metric, or null. `minActive` comes from the stage's `select`. */
  ineligible?(summary: Summary, params: Params, options: { minActive?: number | undefined }): string | null;
  /** The number to rank by where it is not simply the summary's (with `minActive`, the mean over active pairs). */
  value?(summary: Summary, options: { minActive?: number | undefined }): number;
  /** Faults of ranking by this metric, whatever a run gives (too few latents to correlate): for POST, of the metrics that a stage selects by. Paths as in `ModelCard.check`. */
  check?(params: Params, facts: DatasetFacts | null): Fault[];
}

/** The shape of each tensor that a file of weights must hold, by name; what else it holds is nobody's business. */
export type TensorShapes = Readonly<Record<string, readonly number[]>>;

/** The light half of a model: what api, scheduler and cli know of it, without TensorFlow.js. */
export interface ModelCard {
  name: string;
  /** Raised when the same parameters would give other numbers: it is part of a cell's identity. */
  version: string;
  title: string;
  description: string;
  /** Strict object; every key has a default or is required, and `.meta({ description, recommended })`. */
  params: z.ZodObject;
  datasets: readonly DatasetKind[];
  metrics: readonly MetricCard[];
  defaultSelection: { metric: string; direction: Direction };
  /**
   * Parameters that name uploaded weights (`UploadSchema`), with what such a file must hold: looked at at POST, fetched by
   * workers, and given to the trainer.
   */
  files?: Readonly<Record<string, TensorShapes>>;
  /** The parameter that names the explicit model seed, if any: together with `seeds` it is a fault. */
  seedParameter?: string;
  /** Illegal combinations of legal values. `facts` is null where the data cannot be read yet. Paths are relative to params, as `n_ae_latents`; a fault of the data itself has a path starting with `dataset`. */
  check(params: Params, facts: DatasetFacts | null): Fault[];
}

/** Models by name. */
export type Catalog = ReadonlyMap<string, ModelCard>;
