import type { ModelCard, ModelDetail, ModelView } from '@trawl/spec';
import { z } from 'zod';

export function modelView(card: ModelCard): ModelView {
  const { name, version, title, description, datasets, defaultSelection } = card;
  return { name, version, title, description, datasets: [...datasets], defaultSelection };
}

const details = new WeakMap<ModelCard, ModelDetail>();

/**
 * Adds the JSON Schema (2020-12) of the parameters a user may give: keys with a default are not required. Made once for a
 * card: it takes 8 ms, more than all else of its request.
 */
export function modelDetail(card: ModelCard): ModelDetail {
  const made = details.get(card) ?? makeDetail(card);
  details.set(card, made);
  return made;
}

function makeDetail(card: ModelCard): ModelDetail {
  const schema = z.toJSONSchema(card.params, { io: 'input', unrepresentable: 'any' });
  return {
    ...modelView(card),
    params: z.json().parse(JSON.parse(JSON.stringify(schema))),
    metrics: card.metrics.map(({ name, description, unit, splits, direction, perEpoch, summary, contains }) => ({
      name,
      description,
      unit,
      splits: [...splits],
      direction,
      perEpoch,
      summary,
      contains: [...contains],
    })),
  };
}
