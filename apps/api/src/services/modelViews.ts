import type { ModelCard, ModelDetail, ModelView } from '@trawl/spec';
import { z } from 'zod';

export function modelView(card: ModelCard): ModelView {
  const { name, version, title, description, datasets, defaultSelection } = card;
  return { name, version, title, description, datasets: [...datasets], defaultSelection };
}

/** Adds the JSON Schema (2020-12) of the parameters a user may give: keys with a default are not required. */
export function modelDetail(card: ModelCard): ModelDetail {
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
