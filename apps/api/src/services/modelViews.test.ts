import { catalog } from '@trawl/models/catalog';
import { expect, it } from 'vitest';
import { modelDetail } from './modelViews.js';

it('makes the schema of a model once', () => {
  for (const card of catalog.values()) expect(modelDetail(card)).toBe(modelDetail(card));
});
