import { catalog } from '@trawl/models/catalog';
import type { Trainer } from '@trawl/models';
import { trainer as stub } from '../support/stub-trainer.js';

export { equipment } from '../support/stub-trainer.js';

/** The model under whose name the stub trains, so that api and scheduler are those of production. */
export const MODEL = 'ps-vae';

/** A trainer that stands for the model and does what `params` tell the stub, whatever the run's own. */
export function stubAs(params: Record<string, unknown>): Trainer {
  const card = catalog.get(MODEL);
  if (card === undefined) throw new Error(`no model ${MODEL}`);
  return { card, train: (context) => stub.train({ ...context, params: JSON.parse(JSON.stringify(params)) }) };
}
