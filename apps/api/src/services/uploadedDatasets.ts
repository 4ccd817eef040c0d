import { inspectSessions } from '@trawl/datasets/sessions';
import type { CheckEnv } from '@trawl/search';
import { shortGiven, uploadedHash } from '@trawl/spec';
import type { Store } from '@trawl/store';

/** Looks uploaded files up among the datasets; what lies below a data root, or is rendered, is for `inspect`. */
export function withUploads({ datasets }: Pick<Store, 'datasets'>, inspect: CheckEnv['inspect']): CheckEnv['inspect'] {
  return async function look(dataset, at) {
    if (dataset.kind === 'sessions') return inspectSessions(dataset, at, look);
    const hash = dataset.kind === 'hdf5' ? uploadedHash(dataset.path) : null;
    if (hash === null) return inspect(dataset, at);
    const found = await datasets.get(hash);
    if (found?.uploaded === true) return { facts: found.facts };
    const allowed = 'the sha256 of an uploaded dataset (GET /v1/datasets), or a path relative to a data root';
    const given = dataset.kind === 'hdf5' ? shortGiven(dataset.path) : undefined;
    return { faults: [{ path: `${at}.path`, message: 'no dataset of this sha256 was uploaded', given, allowed }] };
  };
}
