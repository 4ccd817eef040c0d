import { type Curve, fromWire, type Params, type ParamValue, type RunDetail } from '@trawl/spec';
import type { Columns } from './csv.js';
import { bytes, double, float, message, text, varint } from './protobuf.js';
import { RECORD_HEADER, RECORD_OVERHEAD, sealRecord, tfRecord } from './tfrecord.js';

/*
 * Event files as TensorBoard reads them. Field numbers: tensorflow/core/util/event.proto, framework/summary.proto and
 * framework/tensor.proto; tensorboard/plugins/hparams/{api,plugin_data}.proto; google/protobuf/struct.proto.
 */

const STATUS: Record<RunDetail['state'], number> = { succeeded: 1, failed: 2, cancelled: 2, running: 3, queued: 0 };

/** What the HParams table shows of a run's end. */
const summaryTag = (metric: string): string => `summary/${metric}`;
/** `val.loss` as `loss/val`: TensorBoard draws side by side what has one name before the slash. */
const curveTag = (name: string): string => name.replace(/^([^.]+)\.(.*)$/, '$2/$1');

const event = (wallTime: number, step: number, ...fields: Uint8Array[]): Buffer =>
  tfRecord(Buffer.concat([double(1, wallTime), varint(2, step), ...fields]));
const fileVersion = (wallTime: number): Buffer => event(wallTime, 0, text(3, 'brain.Event:2'));

interface Point {
  wallTime: number;
  step: number;
  value: number;
}

/** Scalar events of a tag as records, in one buffer: an archive holds millions of them. */
function scalars(tag: string, points: readonly Point[]): Buffer {
  // What follows time and step is the same for all but the value, which are its last four bytes.
  const rest = message(5, message(1, text(1, tag), float(2, 0)));
  const largest = RECORD_OVERHEAD + LARGEST_TIME_AND_STEP + rest.length;
  const records = Buffer.allocUnsafe(points.length * largest);
  let end = 0;
  for (const { wallTime, step, value } of points) {
    let at = end + RECORD_HEADER;
    at = records.writeUInt8(0x09, at);
    at = records.writeDoubleLE(wallTime, at);
    at += varint(2, step).copy(records, at);
    at += rest.copy(records, at);
    records.writeFloatLE(value, at - 4);
    end = sealRecord(records, end, at);
  }
  return records.subarray(0, end);
}

/** A double and a whole number of 2^53 at most, each after its key. */
const LARGEST_TIME_AND_STEP = 9 + 9;

/** A value of the HParams plugin: all it says stands in the metadata; its tensor, a 0, is looked at by nobody. */
function hparamsEvent(wallTime: number, tag: string, data: Uint8Array): Buffer {
  const metadata = message(9, message(1, text(1, 'hparams'), bytes(2, data)));
  const nothing = message(8, varint(1, 1), message(2, message(2, varint(1, 1))), bytes(5, Buffer.alloc(4)));
  return event(wallTime, 0, message(5, message(1, text(1, tag), nothing, metadata)));
}

/** google.protobuf.Value: numbers, texts and truth values as they are, the rest as JSON text. */
function valueOf(value: ParamValue): Buffer {
  if (typeof value === 'number') return double(2, value);
  if (typeof value === 'boolean') return varint(4, value ? 1 : 0);
  return text(3, typeof value === 'string' ? value : JSON.stringify(value));
}

/** What the HParams table has as columns: parameters and metrics of the whole sweep. */
export function experimentFile(name: string, { params, metrics }: Columns, createdAt: string): Buffer {
  const wallTime = seconds(createdAt);
  const experiment = message(
    2,
    text(6, name),
    double(3, wallTime),
    ...params.map((param) => message(4, text(1, param))),
    ...metrics.map((metric) => message(5, message(1, text(2, summaryTag(metric))), text(3, metric))),
  );
  return Buffer.concat([fileVersion(wallTime), hparamsEvent(wallTime, '_hparams_/experiment', experiment)]);
}

/**
 * A run's curves and final numbers. The seeds of a cell are one group of the HParams table. Points have no time of their
 * own: they are spread over the run's by their steps. Values are float32, as scalars of event files are.
 */
export function runFile(run: RunDetail, curves: readonly Curve[]): Buffer {
  const begin = seconds(run.startedAt ?? run.createdAt);
  const end = Math.max(begin, seconds(run.finishedAt ?? run.startedAt ?? run.createdAt));
  const last = curves.reduce((most, { steps }) => Math.max(most, steps.at(-1) ?? 0), 1);
  const timeOf = (step: number): number => begin + ((end - begin) * step) / last;
  const start = message(3, ...hparams(run.params), text(4, run.cellId), double(5, begin));
  const parts = [fileVersion(begin), hparamsEvent(begin, '_hparams_/session_start_info', start)];
  for (const { name, steps, values } of curves) {
    const points = values.map((value, i) => {
      const step = steps[i] ?? 0;
      return { wallTime: timeOf(step), step, value: fromWire(value) };
    });
    parts.push(scalars(curveTag(name), points));
  }
  for (const [metric, value] of Object.entries(run.summary))
    parts.push(scalars(summaryTag(metric), [{ wallTime: end, step: run.step ?? last, value: fromWire(value) }]));
  const ended = message(4, varint(1, STATUS[run.state]), double(2, end));
  parts.push(hparamsEvent(end, '_hparams_/session_end_info', ended));
  return Buffer.concat(parts);
}

const hparams = (params: Params): Buffer[] =>
  Object.entries(params).map(([name, value]) => message(1, text(1, name), message(2, valueOf(value))));

const seconds = (time: string): number => Date.parse(time) / 1000;
