import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import type { MetricNames } from '../metricNames.js';
import { claims } from '../runs/claim.js';
import { controls } from '../runs/control.js';
import { dispatching } from '../runs/dispatch.js';
import { endings } from '../runs/finish.js';
import { runReads } from '../runs/read.js';
import type { reports } from '../runs/report.js';
import { successWrites } from '../runs/succeed.js';

export function runRepository(db: Db, names: MetricNames, said: ReturnType<typeof reports>): Runs {
  return {
    ...dispatching(db),
    ...claims(db),
    progress: said.progress,
    attemptInfo: said.attemptInfo,
    dropCheckpoint: said.dropCheckpoint,
    ...successWrites(db, names),
    ...endings(db),
    ...controls(db),
    ...runReads(db),
  };
}
