import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

const LOOK_MS = 50;
const TELL_MS = 5_000;

/** One connection to the service's Postgres, past the service. */
export interface Database {
  rows(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Resolves when the sweep has succeeded. @throws when it ends otherwise */
  succeeded(sweep: string, tell?: (runsDone: number) => void): Promise<void>;
  counts(sweep: string): Promise<{ ok: number; attempts: number }>;
  /** Transactions committed so far in all databases of the server. */
  commits(): Promise<number>;
  close(): Promise<void>;
}

export async function openDatabase(url: string): Promise<Database> {
  const client = new Client({ connectionString: url });
  // The server ends before us where a benchmark is interrupted: told to whoever asks, not to the process, which would end.
  client.on('error', () => {});
  await client.connect();
  const rows: Database['rows'] = async (text, values = []) => (await client.query(text, values)).rows;
  const number = async (text: string, values: unknown[] = []): Promise<number> =>
    Number(Object.values((await rows(text, values))[0] ?? {})[0]);
  const succeeded = "select count(*) from run where sweep_id = $1 and state = 'succeeded'";
  return {
    rows,
    async succeeded(sweep, tell = () => {}) {
      let told = performance.now();
      for (;;) {
        const [row] = await rows('select state::text from sweep where id = $1', [sweep]);
        if (row?.['state'] === 'succeeded') return;
        if (row?.['state'] !== 'running') throw new Error(`the sweep is ${String(row?.['state'])}`);
        if (performance.now() - told > TELL_MS) {
          told = performance.now();
          tell(await number(succeeded, [sweep]));
        }
        await sleep(LOOK_MS);
      }
    },
    async counts(sweep) {
      const attempts = 'select count(*) from attempt join run on run.id = run_id where sweep_id = $1';
      return { ok: await number(succeeded, [sweep]), attempts: await number(attempts, [sweep]) };
    },
    async commits() {
      // Backends report what they did after a second.
      await sleep(1_200);
      return number('select sum(xact_commit) from pg_stat_database');
    },
    close: () => client.end(),
  };
}
