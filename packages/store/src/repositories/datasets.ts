import type { DatasetDetail, DatasetFacts, DatasetView } from '@trawl/spec';
import type { Datasets } from '../contract.js';
import type { Db } from '../db.js';
import type { Dataset } from '../generated/client.js';
import { lockContent } from '../sql/artifacts.js';
import { deleteDataset, sweepsOfDataset, uploadDataset } from '../sql/datasets.js';
import { changed, row, rows } from '../statement.js';
import { stored } from '../stored.js';
import { transact } from '../transact.js';
import { pageOf } from '../views.js';

/** Ids come from URLs: one that is no hash names nothing, rather than being an error of Postgres. */
const isHash = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);

export function datasetRepository({ pool, prisma }: Db): Datasets {
  return {
    upload: (facts, name) =>
      transact(pool, async (tx) => {
        await rows(tx.client, lockContent, [facts.hash]);
        const values = [facts.hash, facts.kind, facts.size, JSON.stringify(facts), name];
        return (await row<{ created: boolean }>(tx.client, uploadDataset, values)) ?? { created: false };
      }),

    get: async (id) => {
      if (!isHash(id)) return null;
      const dataset = await prisma.dataset.findUnique({ where: { hash: id } });
      return dataset === null ? null : detailOf(dataset);
    },

    list: async ({ cursor, limit }) => {
      const last = cursor === undefined ? null : await prisma.dataset.findUnique({ where: { hash: cursor } });
      if (cursor !== undefined && last === null) return { items: [], nextCursor: null };
      const datasets = await prisma.dataset.findMany({
        ...(last === null
          ? {}
          : {
              where: {
                OR: [{ createdAt: { lt: last.createdAt } }, { createdAt: last.createdAt, hash: { lt: last.hash } }],
              },
            }),
        orderBy: [{ createdAt: 'desc' }, { hash: 'desc' }],
        take: limit + 1,
      });
      return pageOf(datasets.map(viewOf), limit);
    },

    delete: async (id) => {
      if (!isHash(id)) return null;
      return transact(pool, async (tx) => {
        await rows(tx.client, lockContent, [id]);
        const usedBy = await rows<{ id: string; name: string }>(tx.client, sweepsOfDataset, [id]);
        if (usedBy.length > 0) return { usedBy };
        return (await changed(tx.client, deleteDataset, [id])) === 0 ? null : { usedBy: [] };
      });
    },
  };
}

function viewOf(dataset: Dataset): DatasetView {
  const { kind, trials, frames, height, width, channels, labels }: DatasetFacts = stored(dataset.facts);
  return {
    id: dataset.hash,
    sha256: dataset.hash,
    name: dataset.name,
    kind,
    size: Number(dataset.size),
    uploaded: dataset.uploadedAt !== null,
    path: dataset.path,
    trials,
    frames: frames.reduce((sum, n) => sum + n, 0),
    height,
    width,
    channels,
    labels,
    createdAt: dataset.createdAt.toISOString(),
  };
}

const detailOf = (dataset: Dataset): DatasetDetail => ({ ...viewOf(dataset), facts: stored(dataset.facts) });
