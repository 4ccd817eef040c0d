import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import type { MetricNames } from '../metricNames.js';
import { claims } from '../runs/claim.js';
import { controls } from '../runs/control.js';
import { dispatching } from '../runs/dispatch.js';
import { endings } from '../runs/finish.js';
import { runReads } from '../runs/read.js';
import { reports } from '../runs/report.js';

export function runRepository(db: Db, names: MetricNames): Runs {
  return {
    ...dispatching(db),
    ...claims(db),
    ...reports(db),
    ...endings(db, names),
    ...controls(db),
    ...runReads(db),
  };
}
