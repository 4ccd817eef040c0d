import { canonicalJson, DatasetSchema, sha256Hex } from '@trawl/spec';
import type { Catalog, Cell, DatasetSpec, ModelCard, Params, StagePlan } from '@trawl/spec';
import { datasetAt, isParams, variesDataset, withPoint } from './assign.js';
import { pointsOf } from './space/points.js';

/** What makes a cell another one beside its params. */
interface CellDifference {
  /** Where the stage varies the dataset: two points are two cells. */
  dataset?: DatasetSpec | undefined;
  /** Of an upload that training starts from: the same params from elsewhere are another experiment. */
  weights?: string | undefined;
}

/**
 * sha256 hex of a cell's identity. `params` are complete, as the card's schema gives them, so that writing a default
 * out changes nothing.
 */
export function cellHash(
  model: string,
  modelVersion: string,
  params: Params,
  { dataset, weights }: CellDifference = {},
): string {
  const difference = { ...(dataset === undefined ? {} : { dataset }), ...(weights === undefined ? {} : { weights }) };
  return sha256Hex(canonicalJson({ model, modelVersion, params, ...difference }));
}

/**
 * The search stage whose selected cell a stage starts from: the nearest earlier one of the same model. Null: none.
 * That cell's params are what `expandStage` takes as `inherited`.
 */
export function inheritsFrom(stages: readonly StagePlan[], ordinal: number): StagePlan | null {
  const model = stages[ordinal]?.model;
  return stages.slice(0, ordinal).findLast((stage) => stage.kind === 'search' && stage.model === model) ?? null;
}

/** The search stage whose best cells a refit stage runs again: the nearest earlier one. Null: none. */
export function refitsOf(stages: readonly StagePlan[], ordinal: number): StagePlan | null {
  return stages.slice(0, ordinal).findLast(({ kind }) => kind === 'search') ?? null;
}

/**
 * The cells of a search stage. Params go over one another in this order: the sweep's, `inherited` (the params of the
 * cell selected in the stage that `inheritsFrom` names, null if there is none), the stage's own, the point's.
 * @throws on a plan that `checkSweep` did not make.
 */
export function expandStage(stage: StagePlan, inherited: Params | null, catalog: Catalog): Cell[] {
  if (stage.kind !== 'search') throw new Error(`stage ${stage.name} is a ${stage.kind}: it has no space`);
  const card = catalog.get(stage.model);
  if (card === undefined) throw new Error(`stage ${stage.name}: no model ${stage.model}`);
  const base = { ...stage.params, ...inherited, ...stage.ownParams };
  return [...pointsOf(stage.space)].map((point) => cellOf(stage, card, base, point));
}

function cellOf(stage: StagePlan, card: ModelCard, base: Params, point: Params): Cell {
  const { model, modelVersion, weights } = stage;
  const params = complete(card, withPoint(base, point));
  if (!Object.keys(point).some(variesDataset)) {
    return {
      hash: cellHash(model, modelVersion, params, { weights }),
      model,
      modelVersion,
      params,
      dataset: stage.dataset,
      point,
    };
  }
  const dataset = DatasetSchema.parse(datasetAt(stage.dataset, point));
  const datasetHash = stage.datasetHashes?.[datasetKey(dataset)];
  if (datasetHash === undefined) throw new Error(`stage ${stage.name}: nobody looked at ${JSON.stringify(dataset)}`);
  const hash = cellHash(model, modelVersion, params, { dataset, weights });
  return { hash, model, modelVersion, params, dataset, datasetHash, point };
}

/** By what `StagePlan.datasetHashes` knows a dataset. */
export const datasetKey = (dataset: DatasetSpec): string => sha256Hex(canonicalJson(dataset));

function complete(card: ModelCard, params: Params): Params {
  const parsed = card.params.parse(params);
  if (!isParams(parsed)) throw new Error(`params of ${card.name} are not JSON after parsing`);
  return parsed;
}
