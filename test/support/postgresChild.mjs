// Starts embedded Postgres in the folder it is given, says so, and waits to be killed.
import { startEmbeddedPostgres } from '@trawl/store';

const server = await startEmbeddedPostgres({ dataDir: process.argv[2] });
process.stdout.write(`${server.pid}\n`);
setInterval(() => undefined, 1_000_000);
