import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import S3rver from 's3rver';
import { expect, test } from 'vitest';
import { S3Artifacts } from './s3.js';
import { type Place, pieces, sha, testsOfArtifacts } from './suite.testing.js';

const BUCKET = 'trawl-test';

async function openBucket(url = `s3://${BUCKET}/a/prefix`): Promise<Place & { files: S3Artifacts }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'trawl-s3-'));
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  const { port } = await server.run();
  const files = new S3Artifacts(url, {
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  });
  const objects = async () =>
    (await readdir(directory, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && entry.name.endsWith('._S3rver_object'),
    );
  // This server fails when the last file of a folder is deleted while another is put there: there is always one more.
  const folder = path.join(directory, BUCKET, 'a/prefix', sha('x').slice(0, 2));
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'keep'), '');
  return {
    files,
    age: async (sha256) => {
      for (const { parentPath, name } of await objects())
        if (name.startsWith(sha256)) await utimes(path.join(parentPath, name), new Date(0), new Date(0));
    },
    count: async () => (await objects()).length,
    close: async () => {
      files.close();
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

testsOfArtifacts(() => openBucket(), 10);

test('a file that is put again leaves one object', async () => {
  const { files, count, close } = await openBucket(`s3://${BUCKET}`);
  await files.put(pieces('x'));
  await files.put(pieces('x'));
  expect(await count()).toBe(1);
  await close();
});

test('a service that cannot list unfinished uploads has none', async () => {
  const { files, close } = await openBucket();
  for await (const upload of files.unfinished()) expect(upload).toBeUndefined();
  await close();
});

test('a bucket that is not there is named, with what to check', async () => {
  const { files, close } = await openBucket('s3://elsewhere');
  await expect(files.check()).rejects.toThrow(/bucket elsewhere .*AWS_ENDPOINT_URL_S3/);
  await close();
});

test.each(['http://bucket', 's3://'])('%s is no address of artifacts', (url) => {
  expect(() => new S3Artifacts(url)).toThrow('s3://BUCKET');
});
