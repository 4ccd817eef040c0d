import { catalog } from '@trawl/models/catalog';
import type { Trainer } from '@trawl/models';
import { z } from 'zod';
import { MODEL } from '../chaos/trainer.js';

export { equipment } from '../support/stub-trainer.js';

const Params = z.object({ steps: z.int(), metrics: z.int() });

/** A trainer that only reports, as fast as its supervisor takes it. */
export function stubAs(params: Record<string, unknown>): Trainer {
  const card = catalog.get(MODEL);
  if (card === undefined) throw new Error(`no model ${MODEL}`);
  const { steps, metrics } = Params.parse(params);
  const names = Array.from({ length: metrics }, (_, i) => `metric_${i}`);
  return {
    card,
    async train(context) {
      for (let step = 1; step <= steps; step += 1) {
        context.report({
          epoch: 1,
          step,
          split: 'train',
          metrics: Object.fromEntries(names.map((name, i) => [name, step / (i + 1)])),
        });
        context.progress({ epoch: 1, epochs: 1, step, steps });
        await context.breathe();
      }
      return { 'val.loss': 1 };
    },
  };
}
