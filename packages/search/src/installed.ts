import type { Catalog } from '@trawl/spec';

/** What a stage, or a run, was made with. */
interface Made {
  model: string;
  modelVersion: string;
}

/**
 * Why no more of it can be run here, or null: the model has another version by now, or there is none of its name. `what`
 * begins the sentence, as `stage beta`.
 */
export function notInstalled(what: string, { model, modelVersion }: Made, catalog: Catalog): string | null {
  const version = catalog.get(model)?.version;
  if (version === modelVersion) return null;
  const has = version === undefined ? `no model ${model}` : `version ${version}`;
  return `${what} is of model ${model} version ${modelVersion}, and this trawl has ${has}: what they train does not compare. Submit the sweep anew; its finished runs can be read, ranked and exported as before`;
}
