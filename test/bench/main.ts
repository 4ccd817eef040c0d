// `npm run bench -- NAME [options]`: a benchmark tells its progress on stderr; its last line on stdout is its result as JSON.
import { closeSitesOnSignal, sites } from '../chaos/openSites.js';
import { BadArguments } from './badArguments.js';
import { control } from './control.js';
import { http } from './http.js';
import { ingest } from './ingest.js';
import { orchestration } from './orchestration.js';
import { query } from './query.js';
import { trainStep } from './trainStep/benchmark.js';
import { workers } from './workers.js';

const BENCHMARKS: Readonly<Record<string, (args: string[]) => Promise<object>>> = {
  control,
  http,
  ingest,
  orchestration,
  query,
  'train-step': trainStep,
  workers,
};

closeSitesOnSignal();

const [name = '', ...args] = process.argv.slice(2);
try {
  const benchmark = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
  if (!benchmark) throw new BadArguments('benchmark', name, Object.keys(BENCHMARKS));
  const result = await benchmark(args);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  // What was interrupted fails in one way or another: the signal says how it ends.
  if (!sites.closed) {
    if (!(error instanceof BadArguments)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = 2;
  }
}
