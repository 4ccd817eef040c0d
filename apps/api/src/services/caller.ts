import { allows, type KeyView, type Scope } from '@trawl/spec';
import type { Store } from '@trawl/store';
import { notFound, ProblemError } from '../problems.js';

/** Who asks, and what that one may. */
export interface Caller {
  /** null where nobody has to say who they are. */
  keyId: string | null;
  /** As events name it. */
  name: string;
  scope: Scope;
  /** Sees and makes only what is this project's; null is bound to none. */
  project: string | null;
}

/** Everybody, where no key is asked for. */
export const ANYBODY: Caller = { keyId: null, name: 'anonymous', scope: 'admin', project: null };

const callerOfKey = ({ id, name, scope, project }: KeyView): Caller => ({ keyId: id, name, scope, project });

const REFUSED = {
  unknown: 'No such key exists.',
  revoked: 'The key was revoked.',
  expired: 'The key has expired.',
} as const;

/** @throws ProblemError 401 where the header holds no key that works */
export async function authenticate(header: string | undefined, { keys }: Pick<Store, 'keys'>): Promise<Caller> {
  if (header === undefined) throw unauthorized('This service asks for a key: Authorization: Bearer trawl_...');
  const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  if (token === undefined) throw unauthorized('The Authorization header is not of the form: Bearer trawl_...');
  const checked = await keys.check(token);
  if (checked.ok) return callerOfKey(checked.key);
  throw unauthorized(REFUSED[checked.why], ', error="invalid_token"');
}

function unauthorized(detail: string, more = ''): ProblemError {
  return new ProblemError('unauthorized', detail, undefined, { 'www-authenticate': `Bearer realm="trawl"${more}` });
}

/** @throws ProblemError 403 naming the scope that is needed */
export function requireScope(caller: Caller, needed: Scope): void {
  if (allows(caller.scope, needed)) return;
  const detail = `This needs a key of scope ${needed}; ${caller.name} has scope ${caller.scope}.`;
  throw new ProblemError('forbidden', detail, undefined, {
    'www-authenticate': `Bearer realm="trawl", error="insufficient_scope", scope="${needed}"`,
  });
}

/** @throws ProblemError 403 for a key of a project, where no part of the answer belongs to projects */
export function requireNoProject(caller: Caller): void {
  if (caller.project === null) return;
  throw new ProblemError('forbidden', `This needs a key without a project; ${caller.name} is of one.`);
}

type OwnerOf = (store: Store, id: string) => Promise<string | null | undefined>;

/** Whose a thing is. What is unknown is nobody's. */
const OWNERS: Record<string, { what: string; ownerOf: OwnerOf }> = {
  sweeps: { what: 'sweep', ownerOf: (store, id) => store.sweeps.projectOf(id) },
  runs: { what: 'run', ownerOf: (store, id) => store.runs.projectOf(id) },
  // Uploads of keys without a project are everybody's.
  artifacts: { what: 'artifact', ownerOf: (store, id) => store.artifacts.projectOf(id) },
};

/** The kind of thing that `/v1/KIND/:id` and what lies below it is about; null where that belongs to no project. */
export const ownedKind = (url: string): string | null => {
  const [, kind = ''] = /^\/v1\/([a-z]+)\/:id(\/|$)/.exec(url) ?? [];
  return Object.hasOwn(OWNERS, kind) ? kind : null;
};

/** @throws ProblemError the 404 of what does not exist, for a thing of another project */
export async function requireOwn(caller: Caller, kind: string, id: string, store: Store): Promise<void> {
  const owner = OWNERS[kind];
  if (caller.project === null || owner === undefined) return;
  const project = await owner.ownerOf(store, id);
  if (project === caller.project || (kind === 'artifacts' && project === null)) return;
  throw notFound(owner.what, id);
}
