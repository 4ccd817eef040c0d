import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveInRoots } from './roots.js';

const folder = mkdtempSync(path.join(tmpdir(), 'trawl-roots-'));
const lab = path.join(folder, 'lab');
const shared = path.join(folder, 'shared');
const roots = [lab, shared, path.join(folder, 'absent')];

beforeAll(() => {
  const files = ['lab/mouse/openfield.hdf5', 'lab/mouse/headfixed.hdf5', 'lab/fly.h5', 'shared/mouse/openfield.hdf5'];
  for (const file of [...files, 'shared/only.hdf5', 'shared/notes.txt', 'secret.hdf5', 'lab-2/other.hdf5']) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), file);
  }
  symlinkSync(path.join(folder, 'secret.hdf5'), path.join(lab, 'escape.hdf5'));
  symlinkSync(folder, path.join(lab, 'up'));
  symlinkSync(path.join(shared, 'only.hdf5'), path.join(lab, 'inside.hdf5'));
  symlinkSync(path.join(lab, 'loop.hdf5'), path.join(lab, 'loop.hdf5'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const resolve = (given: string, places: readonly string[] = roots) => resolveInRoots(given, places, 'dataset.path');

async function refusal(given: string, places?: readonly string[]) {
  const answer = await resolve(given, places);
  if (!('faults' in answer)) throw new Error(`${given} was taken`);
  expect(answer.faults).toHaveLength(1);
  const [fault] = answer.faults;
  expect(fault).toMatchObject({ path: 'dataset.path' });
  // Where the service keeps its data is nobody's business.
  expect(JSON.stringify({ ...fault, given: '' })).not.toContain(folder);
  return `${fault?.message} | ${fault?.allowed}`;
}

test('finds a file in the first root that has it', async () => {
  expect(await resolve('mouse/openfield.hdf5')).toEqual({ file: path.join(lab, 'mouse/openfield.hdf5') });
  expect(await resolve('./only.hdf5')).toEqual({ file: path.join(shared, 'only.hdf5') });
  expect(await resolve(path.join(lab, 'fly.h5'))).toEqual({ file: path.join(lab, 'fly.h5') });
  expect(await resolve('inside.hdf5')).toEqual({ file: path.join(shared, 'only.hdf5') });
});

test.each([
  ['../secret.hdf5', /^may not leave its data root \| .*\(lab, shared\)/],
  ['mouse/../../secret.hdf5', /^may not leave/],
  ['mouse/../fly.h5', /^may not leave/],
  ['a\0b', /^may not leave/],
  ['..\\secret.hdf5', /^may not leave/],
  [path.join(folder, 'secret.hdf5'), /^an absolute path outside the data roots \| .*\(lab, shared\)/],
  [path.join(folder, 'lab-2/other.hdf5'), /^an absolute path outside/],
  ['/etc/passwd', /^an absolute path outside/],
  ['escape.hdf5', /^a link that leaves its data root/],
  ['up/secret.hdf5', /^a link that leaves its data root/],
  ['loop.hdf5', /^does not exist/],
  ['mouse', /^a folder \| a file: mouse\/headfixed\.hdf5, mouse\/openfield\.hdf5$/],
  ['fly.h5/inside', /^does not exist/],
])('refuses %j', async (given, expected) => {
  expect(await refusal(given)).toMatch(expected);
});

test('names the files that were perhaps meant', async () => {
  expect(await refusal('mouse/openfeild.hdf5')).toMatch(/^does not exist \| mouse\/openfield\.hdf5, /);
  expect(await refusal('openfield.hdf5')).toMatch(/^does not exist \| mouse\/openfield\.hdf5, /);
  expect(await refusal('mouse/openfield.hdf5', [shared + '/mouse'])).toBe('does not exist | openfield.hdf5');
});

test('names five at most', async () => {
  const many = path.join(folder, 'many');
  mkdirSync(many);
  for (let i = 0; i < 9; i++) writeFileSync(path.join(many, `s${i}.hdf5`), '');
  expect(await refusal('s.hdf5', [many])).toBe('does not exist | s0.hdf5, s1.hdf5, s2.hdf5, s3.hdf5, s4.hdf5, ...');
});

test('without a root or without data it says so', async () => {
  expect(await refusal('a.hdf5', [])).toMatch(/no readable data root/);
  expect(await refusal('a.hdf5', [path.join(folder, 'absent')])).toMatch(/no readable data root/);
  const empty = path.join(folder, 'empty');
  mkdirSync(empty);
  expect(await refusal('a.hdf5', [empty])).toMatch(/the roots hold no HDF5 file/);
});

test.skipIf(process.getuid?.() === 0)('a file that may not be read is refused', async () => {
  const file = path.join(shared, 'closed.hdf5');
  writeFileSync(file, '');
  chmodSync(file, 0);
  expect(await refusal('closed.hdf5')).toMatch(/may not read it/);
});
