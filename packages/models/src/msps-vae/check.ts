import type { DatasetFacts, Fault, Params } from '@trawl/spec';
import { checkArchitecture, checkEpochs, checkLabels, checkSplits } from '../ps-vae/check.js';
import { MspsVaeParams } from './params.js';

/** Illegal combinations of values that are legal one by one. */
export function checkMspsVae(raw: Params, facts: DatasetFacts | null): Fault[] {
  const params = MspsVaeParams.parse(raw);
  const { n_background } = params;
  return [
    ...checkEpochs(params, { name: 'anneal_epochs', epochs: params.anneal_epochs }),
    ...(facts === null
      ? []
      : [
          ...checkLabels(params, facts, { latents: n_background, words: ` and n_background takes ${n_background}` }),
          ...checkArchitecture(params, facts),
          ...checkSessions(params, facts),
        ]),
  ];
}

function checkSessions(params: MspsVaeParams, facts: DatasetFacts): Fault[] {
  const { sessions = [], frames } = facts;
  const size = params.n_sessions_per_batch;
  if (size > sessions.length) {
    return [
      {
        path: 'n_sessions_per_batch',
        message: 'a batch has one trial of each of so many sessions',
        given: size,
        allowed: `at most ${sessions.length}, the sessions of the data`,
      },
    ];
  }
  const least = 3 * (size - 1);
  const short = frames.findIndex((n) => n < least);
  const faults: Fault[] =
    short < 0
      ? []
      : [
          {
            path: 'dataset',
            message: `trial ${short} has too few frames to compare ${size} sessions`,
            given: `${frames[short]} frames`,
            allowed: `at least ${least} frames a trial: leave short trials out, or lower n_sessions_per_batch`,
          },
        ];
  // The first session that cannot be split says enough.
  const split = sessions.map((trials) => checkSplits(params, { trials })).find((found) => found.length > 0);
  return [...faults, ...(split ?? [])];
}
