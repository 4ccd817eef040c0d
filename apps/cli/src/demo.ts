import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@trawl/client';
import { watchSweep } from './commands/watch.js';
import { readStackFile } from './config.js';
import { createContext, messageOf, UsageError } from './context.js';
import { backendText, describeBackend } from './commands/doctor.js';
import { duration } from './render/numbers.js';
import { best, ranking } from './render/tables.js';
import { untilSignal } from './stack/signals.js';
import { type Stack, startStack } from './stack/up.js';

/*
 * `npm run demo`: the embedded stack, the staged alpha -> beta -> refit sweep of sweeps/demo.yaml on rendered video,
 * and its answer. Interrupted, it leaves nothing; finished, it leaves its data directory to be looked at.
 */

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function demo(): Promise<void> {
  const began = performance.now();
  const context = createContext(false);
  // A directory and a port of its own: a real stack may be running beside it.
  const config = {
    ...context.config,
    dataDir: join(context.config.dataDir, 'demo'),
    port: 0,
    databaseUrl: undefined,
    redisUrl: undefined,
  };
  const other = readStackFile(config.dataDir);
  if (other !== null) throw new UsageError(`a demo is running already (process ${other.pid})`);
  rmSync(config.dataDir, { recursive: true, force: true });

  const stopped = new AbortController();
  void untilSignal().then(() => stopped.abort());
  say(backendText(await describeBackend(config)));

  let stack: Stack | undefined;
  try {
    stack = await startStack({ config, say });
    if (stopped.signal.aborted) return;
    const client = createClient({ baseUrl: stack.apiUrl, apiKey: stack.apiKey });
    const spec = readFileSync(fileURLToPath(new URL('../../../sweeps/demo.yaml', import.meta.url)), 'utf8');
    const { id } = await client.sweeps.submit(spec, 'application/yaml');
    say(`submitted sweeps/demo.yaml: alpha, then beta by latent correlation, then a refit\n`);

    const end = await watchSweep(context, client, id, stopped.signal);
    if (stopped.signal.aborted) return;
    say('');
    for (const stage of end.stages.filter((each) => each.kind === 'search' && each.state !== 'pending')) {
      say(`${ranking(await client.sweeps.ranking(id, { stage: stage.name }))}\n`);
    }
    if (end.state !== 'succeeded') {
      const waiting = end.stages.find((stage) => stage.reason !== null);
      throw new Error(`the demo's sweep is ${end.state}: ${waiting?.reason ?? 'no reason given'}`);
    }
    say(`${best(await client.sweeps.best(id))}\n`);
    say(`That took ${duration((performance.now() - began) / 1000)}. Look further:`);
    say(`  TRAWL_DATA_DIR=${config.dataDir} npm start     opens these results again`);
    say('  README.md, "Your own data"                  submits a sweep over your video');
  } finally {
    await stack?.stop();
    if (stopped.signal.aborted) {
      rmSync(config.dataDir, { recursive: true, force: true });
      process.exitCode = 130;
    }
  }
}

try {
  await demo();
  process.exit();
} catch (error) {
  process.stderr.write(`trawl demo: ${messageOf(error)}\n`);
  process.exit(1);
}
