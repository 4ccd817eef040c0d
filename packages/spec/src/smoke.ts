import { isPlainObject } from './canonical.js';

/**
 * The raw spec with its `smoke` override applied and taken out, for tiny trials. Params and seeds win over a stage's
 * own too, as a stage would otherwise undo them; axes stay what they are. Anything but an object comes back as it is.
 */
export function applySmoke(raw: unknown): unknown {
  if (!isPlainObject(raw)) return raw;
  const { smoke, ...spec } = raw;
  if (!isPlainObject(smoke)) return spec;
  const { stages } = spec;
  if (!Array.isArray(stages)) return mergeDeep(spec, smoke);
  const { select: _select, ...shared } = smoke;
  return { ...mergeDeep(spec, shared), stages: stages.map((stage: unknown) => smokeStage(stage, smoke)) };
}

/** A stage takes of the override only what it sets itself (all else comes from the sweep), and what is said of select. */
function smokeStage(stage: unknown, smoke: Record<string, unknown>): unknown {
  if (!isPlainObject(stage)) return stage;
  const own = { ...stage };
  if (isPlainObject(smoke['select']) && !Object.hasOwn(own, 'refit')) {
    own['select'] = mergeDeep(isPlainObject(own['select']) ? own['select'] : {}, smoke['select']);
  }
  if (Object.hasOwn(own, 'seeds') && Object.hasOwn(smoke, 'seeds')) own['seeds'] = smoke['seeds'];
  const { dataset, params } = smoke;
  if (isPlainObject(own['dataset']) && isPlainObject(dataset)) own['dataset'] = mergeDeep(own['dataset'], dataset);
  if (isPlainObject(own['params']) && isPlainObject(params)) {
    const set = own['params'];
    const same = Object.entries(params).filter(([key]) => Object.hasOwn(set, key));
    own['params'] = mergeDeep(set, Object.fromEntries(same));
  }
  return own;
}

/** Objects key by key, anything else as a whole. A dataset of another kind has other keys: it is not mixed. */
function mergeDeep(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  if (Object.hasOwn(above, 'kind') && above['kind'] !== below['kind']) return above;
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const before = Object.hasOwn(below, key) ? below[key] : undefined;
    merged[key] = isPlainObject(before) && isPlainObject(value) ? mergeDeep(before, value) : value;
  }
  return merged;
}
