import type { KeyView } from '@trawl/spec';
import { table } from './tables.js';

export function keyList(keys: KeyView[]): string {
  if (keys.length === 0) return 'No keys. Make one: trawl key create --name NAME --scope submit';
  return table(
    ['id', 'name', 'scope', 'project', 'created', 'last used', 'state'],
    keys.map((key) => [
      key.id,
      key.name,
      key.scope,
      key.project ?? 'all',
      key.createdAt,
      key.lastUsedAt ?? 'never',
      stateOf(key),
    ]),
  );
}

function stateOf({ revokedAt, expiresAt }: KeyView): string {
  if (revokedAt !== null) return `revoked ${revokedAt}`;
  if (expiresAt === null) return 'works';
  return `${Date.parse(expiresAt) <= Date.now() ? 'expired' : 'works until'} ${expiresAt}`;
}
