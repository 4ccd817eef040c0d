import { openDataset } from '@trawl/datasets/open';
import { DatasetSchema } from '@trawl/spec';
import { expect, it } from 'vitest';
import { rememberRendered } from './workshop.js';

const place = { roots: [], expectedHash: 'a' };

it('renders a dataset once while runs of it follow each other, and reads a file every time', async () => {
  const opened: string[] = [];
  const mouse = DatasetSchema.parse({ kind: 'behaviour', trials: 12, frames: 2, height: 16, width: 16, labels: 2 });
  const some = await openDataset(mouse, { roots: [] });
  const open = rememberRendered(async ({ kind }) => {
    opened.push(kind);
    return { ...some };
  });
  const file = DatasetSchema.parse({ kind: 'hdf5', path: 'data.hdf5' });
  const first = await open(mouse, place);
  expect(await open({ ...mouse }, place)).toBe(first);
  for (const spec of [file, file, mouse]) await open(spec, place);
  await open(mouse, { ...place, expectedHash: 'b' });
  expect(opened).toEqual(['behaviour', 'hdf5', 'hdf5', 'behaviour']);
});
