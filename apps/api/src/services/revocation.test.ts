import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { ANYBODY } from './caller.js';
import { untilRevoked } from './revocation.js';

const unused = () => Promise.reject(new Error('not asked'));
const store = (works: (id: string) => Promise<boolean>) => ({
  keys: { create: unused, list: unused, revoke: unused, check: unused, any: unused, forget: unused, works },
});
const caller = { ...ANYBODY, keyId: 'key' };

it('aborts when the key works no more', async () => {
  let working = true;
  const { signal, stop } = untilRevoked(
    caller,
    store(async () => working),
    5,
  );
  await sleep(30);
  expect(signal.aborted).toBe(false);
  working = false;
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  stop();
});

it('waits while nobody can say', async () => {
  const asked: string[] = [];
  const away = (id: string) => {
    asked.push(id);
    return Promise.reject(new Error('gone'));
  };
  const { signal, stop } = untilRevoked(caller, store(away), 5);
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1));
  stop();
  expect(signal.aborted).toBe(false);
});
