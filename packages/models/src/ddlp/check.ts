import type { DatasetFacts, Fault, Params, Split } from '@trawl/spec';
import { SPLITS } from '@trawl/spec';
import { checkFrames, checkParts } from '../dlp/check.js';
import { DdlpParams } from './params.js';

/** Illegal combinations of values that are legal one by one. `facts` is null where the data cannot be read yet. */
export function checkDdlp(raw: Params, facts: DatasetFacts | null): Fault[] {
  const params = DdlpParams.parse(raw);
  return [
    ...checkParts(params),
    ...checkDynamics(params),
    ...(facts ? [...checkFrames(params, facts), ...checkClips(params, facts)] : []),
  ];
}

function checkDynamics(params: DdlpParams): Fault[] {
  const { timestep_horizon, num_static_frames, pint_dim, pint_heads, cond_steps, animation_horizon } = params;
  const { start_dyn_epoch, num_epochs } = params;
  const faults: Fault[] = [];
  if (num_static_frames > timestep_horizon) {
    faults.push({
      path: 'num_static_frames',
      message: `burn-in leaves none of a clip's ${timestep_horizon + 1} frames to predict`,
      given: num_static_frames,
      allowed: `1 to timestep_horizon = ${timestep_horizon}`,
    });
  }
  if (pint_dim % pint_heads !== 0) {
    const legal = [1, 2, 4, 8, 16, 32, 64].filter((heads) => pint_dim % heads === 0);
    faults.push({
      path: 'pint_heads',
      message: `pint_dim = ${pint_dim} is divided among the heads`,
      given: pint_heads,
      allowed: `a divisor of ${pint_dim}, as ${legal.join(', ')}`,
    });
  }
  if (cond_steps >= animation_horizon) {
    faults.push({
      path: 'cond_steps',
      message: `a rollout of animation_horizon = ${animation_horizon} frames that are all given predicts nothing`,
      given: cond_steps,
      allowed: `1 to ${animation_horizon - 1}`,
    });
  }
  if (start_dyn_epoch >= num_epochs) {
    faults.push({
      path: 'start_dyn_epoch',
      message: `the dynamics would not begin in num_epochs = ${num_epochs} epochs`,
      given: start_dyn_epoch,
      allowed: `0 to ${num_epochs - 1}`,
    });
  }
  return faults;
}

const NAMES = { train: 'training', val: 'validation', test: 'test' } as const;

function checkClips({ timestep_horizon, animation_horizon, batch_size }: DdlpParams, facts: DatasetFacts): Fault[] {
  const { splits, frames } = facts;
  if (!splits) {
    return [
      {
        path: 'dataset',
        message: 'ddlp wants clips that are divided into training, validation and test',
        given: facts.kind,
        allowed: 'data that brings its own splits',
      },
    ];
  }
  /** The shortest of some splits. */
  const shortest = (among: readonly Split[]) => {
    const clips = among.flatMap((split) =>
      splits[split].map((trial) => ({ split, trial, length: frames[trial] ?? 0 })),
    );
    return clips.toSorted((a, b) => a.length - b.length)[0];
  };
  const tooShort = (path: string, given: number, wants: string, needs: number, among: readonly Split[]): Fault[] => {
    const clip = shortest(among);
    if (!clip || clip.length >= needs) return [];
    const most = clip.length - (needs - given);
    return [
      {
        path,
        message: `${NAMES[clip.split]} clip ${clip.trial} has ${clip.length} frames; ${wants}`,
        given,
        allowed: most > 0 ? `up to ${most}` : 'longer clips',
      },
    ];
  };
  const length = timestep_horizon + 1;
  const faults = [
    ...tooShort(
      'timestep_horizon',
      timestep_horizon,
      `the loss takes timestep_horizon + 1 = ${length}`,
      length,
      SPLITS,
    ),
    ...tooShort('animation_horizon', animation_horizon, `a rollout takes ${animation_horizon}`, animation_horizon, [
      'val',
      'test',
    ]),
  ];
  if (faults.length > 0) return faults;
  const clips = splits.train.reduce((sum, trial) => sum + (frames[trial] ?? 0) - timestep_horizon, 0);
  if (clips >= batch_size) return [];
  return [
    {
      path: 'batch_size',
      message: `the data has ${clips} training clips of ${length} frames, which do not fill one batch`,
      given: batch_size,
      allowed: `1 to ${clips}`,
    },
  ];
}
