import type { Scenario } from '../scenario.js';
import { nodeKiller } from './nodeKiller.js';
import { processes } from './processes.js';
import { canMount, servers } from './servers.js';
import { trainers } from './trainers.js';

/** All that are played here: without the right to mount, none with a full disk. */
export const SCENARIOS: readonly Scenario[] = [...processes, ...servers, ...trainers, nodeKiller].filter(
  ({ api }) => api === undefined || canMount,
);
