import type { ArtifactView } from '@trawl/spec';
import { collect } from '../artifacts/collect.js';
import type { ArtifactFiles } from '../artifacts/files.js';
import type { Artifacts } from '../contract.js';
import type { Db } from '../db.js';
import type { Artifact } from '../generated/client.js';
import { isId, newId } from '../ids.js';
import {
  contentBefore,
  dropReplaced,
  insertArtifact,
  insertLoose,
  lockContent,
  unreferenced,
} from '../sql/artifacts.js';
import { noBackup } from '../sql/backupLock.js';
import { row, rows } from '../statement.js';
import { transact } from '../transact.js';

interface Content {
  sha256: string;
}

export function artifactRepository({ pool, prisma, unsafe }: Db): Artifacts {
  const insert = insertArtifact({ fence: unsafe.noFence !== true });

  const withoutReference = async (sha256s: string[]): Promise<string[]> =>
    (await rows<Content>(pool, unreferenced, [sha256s])).map(({ sha256 }) => sha256);

  const deleteFile = (files: ArtifactFiles, sha256: string, putBefore?: Date): Promise<boolean> =>
    transact(pool, async (tx) => {
      if ((await row<{ free: boolean }>(tx.client, noBackup))?.free !== true) return false;
      await rows(tx.client, lockContent, [sha256]);
      const free = await row<Content>(tx.client, unreferenced, [[sha256]]);
      return free !== null && files.delete(sha256, putBefore);
    });

  const discard = async (files: ArtifactFiles, sha256s: readonly string[]): Promise<number> => {
    let deleted = 0;
    for (const sha256 of await withoutReference([...sha256s])) deleted += (await deleteFile(files, sha256)) ? 1 : 0;
    return deleted;
  };

  return {
    record: async (runId, fence, artifact) => {
      if (!isId(runId)) return null;
      const { name, kind, mediaType, sha256, size, epoch, step } = artifact;
      const recorded = await transact(pool, async (tx) => {
        await rows(tx.client, lockContent, [sha256]);
        const before = await rows<Content>(tx.client, contentBefore, [runId, name, fence]);
        const values = [runId, fence, newId(), name, kind, mediaType, sha256, size, epoch ?? null, step ?? null];
        const made = await row<{ id: string }>(tx.client, insert, values);
        if (made === null) return null;
        const dropped = await rows<Content>(tx.client, dropReplaced, [runId, made.id, name]);
        return { id: made.id, gone: [...before, ...dropped].map((content) => content.sha256) };
      });
      if (recorded === null) return null;
      return { id: recorded.id, dropped: await withoutReference(recorded.gone) };
    },

    addLoose: async ({ name, kind, mediaType, sha256, size, epoch, step }, project = null) => {
      const id = newId();
      await transact(pool, async (tx) => {
        await rows(tx.client, lockContent, [sha256]);
        const values = [id, name, kind, mediaType, sha256, size, epoch ?? null, step ?? null, project];
        await rows(tx.client, insertLoose, values);
      });
      return id;
    },

    hasLoose: async (kind, sha256) => (await prisma.artifact.count({ where: { runId: null, kind, sha256 } })) > 0,

    of: async (runId) => {
      if (!isId(runId)) return [];
      const artifacts = await prisma.artifact.findMany({ where: { runId }, orderBy: [{ name: 'asc' }, { id: 'asc' }] });
      return artifacts.map(viewOf);
    },

    get: async (id) => {
      const artifact = isId(id) ? await prisma.artifact.findUnique({ where: { id } }) : null;
      return artifact === null ? null : viewOf(artifact);
    },

    projectOf: async (id) => {
      if (!isId(id)) return undefined;
      const artifact = await prisma.artifact.findUnique({
        where: { id },
        select: { project: true, run: { select: { sweep: { select: { project: true } } } } },
      });
      return artifact === null ? undefined : (artifact.run?.sweep.project ?? artifact.project);
    },

    checkpointOf: async (runId) => {
      if (!isId(runId)) return null;
      const newest = await prisma.artifact.findFirst({
        where: { runId, kind: 'checkpoint' },
        orderBy: [{ step: { sort: 'desc', nulls: 'last' } }, { id: 'desc' }],
      });
      if (newest === null) return null;
      const { id, name, sha256, size, epoch, step } = newest;
      return { id, name, sha256, size: Number(size), epoch, step };
    },

    discard,

    gc: async (files, { graceSeconds, dryRun }) => {
      // One that begins from here on keeps what is not deleted yet.
      if ((await row<{ free: boolean }>(pool, noBackup))?.free !== true) return null;
      return collect({
        pool,
        files,
        graceSeconds,
        dryRun,
        deleteFile: (sha256, putBefore) => deleteFile(files, sha256, putBefore),
      });
    },
  };
}

function viewOf(artifact: Artifact): ArtifactView {
  const { id, runId, name, kind, mediaType, sha256, epoch, step } = artifact;
  const createdAt = artifact.createdAt.toISOString();
  return { id, runId, name, kind, mediaType, size: Number(artifact.size), sha256, epoch, step, createdAt };
}
