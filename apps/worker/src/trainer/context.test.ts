import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FromTrainer } from '@trawl/spec';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openContext } from './context.js';

let workDir: string;
let sent: FromTrainer[];
let witnessed: string[];
beforeEach(() => {
  workDir = mkdtempSync(join(tmpdir(), 'trawl-context-'));
  sent = [];
  witnessed = [];
});
afterEach(() => rmSync(workDir, { recursive: true }));

const open = (checkpointSeconds = 60) =>
  openContext(
    {},
    {
      channel: { post: (message) => sent.push(message), room: async () => {}, drained: async () => {} },
      witness: ({ event, epoch, step }) => witnessed.push(`${event} ${epoch} ${step}`),
      equipment: { writeCheckpoint: (path, { state }) => writeFile(path, JSON.stringify(state)) },
      workDir,
      checkpointSeconds,
    },
  );
const kinds = (): string[] => sent.map(({ type }) => type).filter((type) => type !== 'progress');

it('sends metrics in batches, and all that came before a checkpoint or a file before it', async () => {
  const { context, flush } = open();
  for (let step = 1; step <= 3; step++)
    context.report({ epoch: 1, step, split: 'train', metrics: { loss: step, kl: 0 } });
  expect(kinds()).toEqual([]);
  await context.checkpoint({ tensors: {}, state: 'here' }, { epoch: 1, step: 3 });
  context.report({ epoch: 1, step: 3, split: 'val', metrics: { loss: Number.NaN } });
  await context.artifact('figure.svg', Buffer.from('<svg/>'), 'image/svg+xml');
  context.report({ epoch: 2, step: 4, split: 'train', metrics: { loss: 0 } });
  flush();
  expect(kinds()).toEqual(['metrics', 'checkpoint', 'metrics', 'artifact', 'metrics']);
  expect(sent.find(({ type }) => type === 'metrics')).toMatchObject({ points: { length: 6 } });
});

it('describes files by what is on the disk', async () => {
  const { context } = open();
  await context.checkpoint({ tensors: {}, state: 'here' }, { epoch: 1, step: 3 });
  await context.checkpoint({ tensors: {}, state: 'there' }, { epoch: 1, step: 3 });
  const files = sent.flatMap((message) => (message.type === 'checkpoint' ? [message] : []));
  expect(new Set(files.map(({ path }) => path)).size).toBe(2);
  for (const { path, sha256, size } of files) {
    const bytes = readFileSync(path);
    expect({ sha256, size }).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length });
  }
});

it('sends 500 points at once and does not hold fewer for longer than 250 ms of steps', async () => {
  const { context } = open();
  const metrics = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`, i]));
  for (let step = 1; step <= 5; step++) context.report({ epoch: 1, step, split: 'train', metrics });
  expect(kinds()).toEqual(['metrics']);
  context.report({ epoch: 1, step: 6, split: 'train', metrics: { loss: 1 } });
  await sleep(260);
  await context.breathe();
  expect(kinds()).toEqual(['metrics', 'metrics']);
});

it('gives signs of life while steps are made, and none when the loop stands still', async () => {
  const { context } = open();
  context.progress({ epoch: 1, epochs: 2, step: 1, steps: 10 });
  await sleep(600);
  expect(sent).toHaveLength(1);
  await context.breathe();
  expect(sent).toEqual([sent[0], sent[0]]);
});

it('wants a checkpoint when its time has come, counted from the last', async () => {
  const { context } = open(0.1);
  expect(context.checkpointDue()).toBe(false);
  await sleep(110);
  expect(context.checkpointDue()).toBe(true);
  await context.checkpoint({ tensors: {}, state: 1 }, { epoch: 1, step: 1 });
  expect(context.checkpointDue()).toBe(false);
});

it('witnesses each epoch once, and checkpoints', async () => {
  const { context, at } = open();
  for (let step = 1; step <= 4; step++) context.progress({ epoch: Math.ceil(step / 2), epochs: 2, step, steps: 4 });
  await context.checkpoint({ tensors: {}, state: 1 }, at());
  expect(witnessed).toEqual(['epoch 1 1', 'epoch 2 3', 'checkpoint 2 4']);
});
