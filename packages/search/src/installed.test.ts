import { expect, it } from 'vitest';
import { notInstalled } from './installed.js';
import { fakeCatalog } from './testing/fakeCard.js';

it('names model, both versions and the way out', () => {
  expect(notInstalled('stage a', { model: 'fake', modelVersion: '1' }, fakeCatalog)).toBeNull();
  expect(notInstalled('stage a', { model: 'other', modelVersion: '6' }, fakeCatalog)).toMatch(
    /^stage a is of model other version 6, and this trawl has version 7: .* Submit the sweep anew/,
  );
  expect(notInstalled('stage a', { model: 'gone', modelVersion: '1' }, fakeCatalog)).toMatch(
    /^stage a is of model gone version 1, and this trawl has no model gone: /,
  );
});
