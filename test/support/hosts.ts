import { spawnSync } from 'node:child_process';

/* Hosts that share no disk, on one machine: processes of each have a mount namespace where folders of the others are empty. */

const HIDE = 'for folder in $HIDDEN; do mount -t tmpfs tmpfs "$folder" || exit 1; done; exec "$@"';

/** A command that becomes the one which stands behind it, without these folders. Their names hold no blanks. */
export const without = (folders: readonly string[]): [string, ...string[]] => [
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
  'env',
  `HIDDEN=${folders.join(' ')}`,
  'sh',
  '-c',
  HIDE,
  'sh',
];

/** Whether this machine lets its users have namespaces. */
export function canHide(folder: string): boolean {
  const [command, ...args] = [...without([folder]), 'true'] as const;
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
