import { joinPath, shortGiven, uploadedHash } from '@trawl/spec';
import type { Fault, TensorShapes } from '@trawl/spec';
import { axesOfDraft } from './axes.js';
import type { CheckEnv } from './checkSweep.js';
import type { StageDraft } from './draft.js';

const NOT_THERE = {
  message: 'no weights of this sha256 were uploaded',
  allowed: 'the sha256 of uploaded weights (POST /v1/artifacts)',
};

/** Uploaded weights that a stage starts from must be there. */
export async function checkUpload({ at, spec: { from } }: StageDraft, { tensorsOf }: CheckEnv): Promise<Fault[]> {
  const hash = from?.upload === undefined ? null : uploadedHash(from.upload);
  if (hash === null || (await tensorsOf?.(hash))) return [];
  return [{ path: joinPath(at, 'from.upload'), given: shortGiven(from?.upload), ...NOT_THERE }];
}

/** Uploaded weights that parameters name must be there, and hold the tensors that the model wants. */
export async function checkFiles(stage: StageDraft, env: CheckEnv): Promise<Fault[]> {
  const { at, card, sweepParams, ownParams } = stage;
  const wanted = card?.files ?? {};
  const axes = axesOfDraft(stage).flatMap((axis) =>
    axis.values.map((value) => ({ key: axis.key, value, path: axis.placeOf(value) })),
  );
  const given = [
    ...Object.entries(sweepParams).map(([key, value]) => ({ key, value, path: joinPath('params', key) })),
    ...Object.entries(ownParams).map(([key, value]) => ({ key, value, path: joinPath(at, 'params', key) })),
    ...axes,
  ];
  const faults: Fault[] = [];
  for (const { key, value, path } of given) {
    const shapes = Object.hasOwn(wanted, key) ? wanted[key] : undefined;
    const hash = typeof value === 'string' ? uploadedHash(value) : null;
    // What is no sha256 is told with the other values.
    if (shapes === undefined || hash === null) continue;
    const held = (await env.tensorsOf?.(hash)) ?? null;
    const fault = held === null ? NOT_THERE : unfit(held, shapes);
    if (fault !== null) faults.push({ path, given: shortGiven(value), ...fault });
  }
  return faults;
}

/** The first tensor that a file lacks or has in another shape. */
function unfit(held: TensorShapes, wanted: TensorShapes): Pick<Fault, 'message' | 'allowed'> | null {
  for (const [name, shape] of Object.entries(wanted)) {
    const found = Object.hasOwn(held, name) ? held[name] : undefined;
    if (found !== undefined && found.length === shape.length && found.every((size, axis) => size === shape[axis])) {
      continue;
    }
    const what = found === undefined ? `has no tensor ${name}` : `has tensor ${name} of shape [${found.join(', ')}]`;
    return {
      message: `the file ${what}, where the model wants [${shape.join(', ')}]`,
      allowed: `a file of ${Object.keys(wanted).length} tensors, ${Object.keys(wanted)[0]} and so on (the model's page in docs says how to make it)`,
    };
  }
  return null;
}
