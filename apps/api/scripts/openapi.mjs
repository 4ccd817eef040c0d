// Writes docs/openapi.json from the routes. Runs on the built app; nothing behind the routes is touched.
import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { buildApp } from '../dist/app.js';

const app = buildApp({
  store: {},
  files: {},
  queues: [],
  catalog: new Map(),
  inspect() {},
  log: pino({ level: 'silent' }),
});
await app.ready();
writeFileSync(new URL('../../../docs/openapi.json', import.meta.url), `${JSON.stringify(app.swagger(), null, 2)}\n`);
await app.close();
