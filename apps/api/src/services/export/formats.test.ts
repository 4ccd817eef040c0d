import type { Curve, RunDetail } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { csvLine, curveLines, runHeader, runLine } from './csv.js';
import { runFolder } from './names.js';
import { double, message, text, varint } from './protobuf.js';
import { TAR_END, tarMember } from './tar.js';
import { crc32c, tfRecord } from './tfrecord.js';

const run: RunDetail = {
  id: '01980000-0000-7000-8000-0000000000aa',
  sweepId: 's',
  stages: ['alpha', 'beta'],
  cellId: 'c',
  point: { beta: 5, act: 'a/b "c"' },
  seed: 3,
  state: 'succeeded',
  fence: 1,
  failures: 0,
  failureClass: null,
  failureMessage: null,
  epoch: 4,
  epochs: 4,
  step: 20,
  worker: null,
  createdAt: '2026-01-02T03:04:05.000Z',
  startedAt: null,
  finishedAt: null,
  model: 'm',
  modelVersion: '1',
  params: { beta: 5, layers: [8, 8], net: null },
  dataset: { kind: 'hdf5', path: 'a.h5' },
  datasetHash: 'd',
  summary: { 'val.loss': 'NaN', 'val.mse': 0.1 },
};

describe('csv', () => {
  it('quotes what would break a line apart, and leaves out what is missing', () => {
    expect(csvLine(['a,b', 'say "x"', 'two\nlines', '', null, undefined, 0.1, true])).toBe(
      '"a,b","say ""x""","two\nlines",,,,0.1,true\r\n',
    );
  });

  it('has a column for each parameter and metric of the sweep', () => {
    const columns = { params: ['alpha', 'beta', 'layers', 'net'], metrics: ['val.loss', 'val.mse', 'val.r2'] };
    expect(runHeader(columns).trim().split(',').slice(-7)).toEqual([
      'params.alpha',
      'params.beta',
      'params.layers',
      'params.net',
      'val.loss',
      'val.mse',
      'val.r2',
    ]);
    expect(runLine(run, columns)).toBe(
      `${run.id},c,alpha+beta,3,succeeded,,m,1,d,4,20,${run.createdAt},,,,5,"[8,8]",,NaN,0.1,\r\n`,
    );
  });

  it('has a line for each point of a curve', () => {
    const curve: Curve = { name: 'val.label_mse', epochs: [0, 1], steps: [0, 9], values: [1.5, 'Infinity'] };
    expect(curveLines('r', curve)).toBe('r,label_mse,val,0,0,1.5\r\nr,label_mse,val,1,9,Infinity\r\n');
  });
});

it('names folders for every file system, and each run otherwise', () => {
  expect(runFolder(run)).toBe('alpha/beta=5,act=a_b__c_/seed=3-000000aa');
});

describe('tar', () => {
  it('has whole blocks and a checksum', () => {
    const archive = Buffer.concat([...tarMember('a/b', Buffer.from('hello'), new Date(1_000)), TAR_END]);
    expect(archive.length).toBe(512 + 512 + 1_024);
    expect(archive.toString('latin1', 257, 265)).toBe('ustar\u000000');
    const sum = archive.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    expect(Number.parseInt(archive.toString('latin1', 148, 154), 8)).toBe(sum);
  });

  it('parts a long name at a slash', () => {
    const [header] = tarMember(`${'d'.repeat(60)}/${'e'.repeat(60)}/f`, Buffer.alloc(0), new Date(0));
    const written = Buffer.from(header!).toString('latin1');
    expect([written.slice(0, 62), written.slice(345, 405)]).toEqual([`${'e'.repeat(60)}/f`, 'd'.repeat(60)]);
    expect(() => tarMember('x'.repeat(101), Buffer.alloc(0), new Date(0))).toThrow(/too long/);
  });
});

describe('event files', () => {
  // RFC 3720, appendix B.4.
  it.each([
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    [Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
  ])('crc32c case %#', (bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('frames a record by its length', () => {
    const record = tfRecord(Buffer.from('abc'));
    expect([record.length, record.readBigUInt64LE(), record.toString('utf8', 12, 15)]).toEqual([19, 3n, 'abc']);
  });

  it('writes protobuf fields as the specification has them', () => {
    expect(varint(1, 150).toString('hex')).toBe('089601');
    expect(text(2, 'testing').toString('hex')).toBe('120774657374696e67');
    expect(message(3, varint(1, 150)).toString('hex')).toBe('1a03089601');
    expect(double(1, 1).toString('hex')).toBe('09000000000000f03f');
    expect(varint(2, 2 ** 40).toString('hex')).toBe('10808080808020');
  });
});
