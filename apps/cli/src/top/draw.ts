import stringWidth from 'string-width';
import { duration, number, point } from '../render/numbers.js';
import { table } from '../render/tables.js';
import type { Snapshot } from './look.js';

export interface Space {
  /** Cells of the terminal. No line is wider. */
  columns: number;
  /** At most so many lines; absent: all. */
  rows?: number | undefined;
}

/** `shrinks`: may be cut where the terminal is narrow, down to so many cells. */
interface Column {
  head: string;
  shrinks?: number;
}

interface Section {
  columns: Column[];
  rows: string[][];
}

const GAP = 2;
/** What stands beside sections' rows: of three sections the head and a blank line, two lines on top. */
const FRAME = 8;

/** The whole view as text. `note` stands in the first line, as that the service is away. */
export function draw(snapshot: Snapshot, space: Space, note = ''): string {
  const sections = [workersSection(snapshot), waitingSection(snapshot), runningSection(snapshot)];
  const lengths = share(
    sections.map(({ rows }) => rows.length),
    space.rows === undefined ? Number.POSITIVE_INFINITY : Math.max(3, space.rows - FRAME),
  );
  const lines = [
    `trawl  ${snapshot.at.slice(0, 19).replace('T', ' ')} UTC${note === '' ? '' : `  ${note}`}`,
    summary(snapshot),
  ];
  for (const [i, { columns, rows }] of sections.entries()) {
    const most = lengths[i] ?? 0;
    // The last line of a section that is cut says so.
    const shown = rows.length <= most ? rows : rows.slice(0, Math.max(0, most - 1));
    lines.push('', ...fitted(columns, shown, space.columns));
    if (shown.length < rows.length) lines.push(`... and ${rows.length - shown.length} more`);
  }
  return lines.map((line) => cut(line, space.columns)).join('\n');
}

/** One line for a log. */
export function drawLine(snapshot: Snapshot): string {
  return `${snapshot.at} ${summary(snapshot)}`;
}

function summary({ workers, slots, waiting, running }: Snapshot): string {
  const ready = waiting.filter(({ state }) => state !== 'paused').reduce((all, { runs }) => all + runs, 0);
  const held = waiting.filter(({ state }) => state === 'paused').reduce((all, { runs }) => all + runs, 0);
  const living = workers?.filter(({ alive }) => alive).length;
  return [
    ...(workers === null || slots === null
      ? []
      : [`${living} of ${workers.length} workers`, `${slots.busy} of ${slots.total} slots busy`]),
    `${running.length} running`,
    `${ready} waiting${held === 0 ? '' : `, ${held} paused`}`,
  ].join(', ');
}

function workersSection({ at, workers }: Snapshot): Section {
  return {
    columns: [
      { head: 'WORKER', shrinks: 12 },
      { head: 'BUSY' },
      { head: 'SERVES' },
      { head: 'DEVICES', shrinks: 8 },
      { head: 'HEARD OF' },
    ],
    rows:
      workers === null
        ? [['(not for a key of a project)', '', '', '', '']]
        : workers.map((each) => [
            `${each.host}:${each.pid}`,
            `${each.runs.length}/${each.slots}`,
            each.capability,
            each.devices.join(', '),
            `${since(each.heartbeatAt, at)} ago${each.alive ? '' : ', gone'}`,
          ]),
  };
}

function waitingSection({ waiting }: Snapshot): Section {
  return {
    columns: [
      { head: 'WAITING' },
      { head: 'PRIORITY' },
      { head: 'SWEEP', shrinks: 12 },
      { head: 'STAGE', shrinks: 8 },
      { head: '' },
    ],
    rows: waiting.map(({ runs, priority, sweep, stage, state }) => [
      String(runs),
      String(priority),
      sweep,
      stage,
      state === 'running' ? '' : state.replace('_', ' '),
    ]),
  };
}

function runningSection({ at, running }: Snapshot): Section {
  return {
    columns: [
      { head: 'RUN' },
      { head: 'SWEEP', shrinks: 8 },
      { head: 'CELL', shrinks: 12 },
      { head: 'SEED' },
      { head: 'EPOCH' },
      { head: 'METRIC', shrinks: 12 },
      { head: 'SINCE' },
    ],
    rows: running.map((run) => [
      // Ids begin with a time: their ends tell them apart.
      run.runId.slice(-8),
      run.stage === null ? run.sweep : `${run.sweep}/${run.stage}`,
      point(run.point),
      String(run.seed),
      run.epoch === null ? '-' : `${run.epoch}/${run.epochs ?? '?'}`,
      run.metric === null ? '-' : `${number(run.metric.value)} ${run.metric.name}`,
      run.startedAt === null ? '-' : since(run.startedAt, at),
    ]),
  };
}

const since = (then: string, at: string): string => duration((Date.parse(at) - Date.parse(then)) / 1_000);

/** So many lines for each, together at most `room`, as evenly as their wants allow. */
function share(wants: number[], room: number): number[] {
  const order = wants.map((want, i) => ({ want, i })).sort((a, b) => a.want - b.want);
  const given: number[] = wants.map(() => 0);
  let left = room;
  for (const [k, { want, i }] of order.entries()) {
    given[i] = Math.min(want, Math.floor(left / (order.length - k)));
    left -= given[i];
  }
  return given;
}

/** A table no wider than `width`: the widest column that may shrink gives first. */
function fitted(columns: Column[], rows: string[][], width: number): string[] {
  const clean = rows.map((row) => row.map(plain));
  const widths = columns.map(({ head }, i) =>
    Math.max(1, stringWidth(head), ...clean.map((row) => stringWidth(row[i] ?? ''))),
  );
  let over = widths.reduce((all, each) => all + each, (columns.length - 1) * GAP) - width;
  while (over > 0) {
    const room = widths.map((each, i) => each - (columns[i]?.shrinks ?? each));
    const widest = widths.reduce(
      (best, each, i) => ((room[i] ?? 0) > 0 && each > (widths[best] ?? 0) ? i : best),
      room.findIndex((each) => each > 0),
    );
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return table(
    columns.map(({ head }) => head),
    clean.map((row) => row.map((cell, i) => cut(cell, widths[i] ?? 1))),
    widths,
  ).split('\n');
}

/** Names are anybody's: nothing in them may move the cursor. */
const plain = (text: string): string => text.replaceAll(/\p{C}+/gu, ' ');

const graphemes = new Intl.Segmenter();

function cut(text: string, width: number): string {
  // Quick for what nearly everything is.
  if (text.length <= width && stringWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = stringWidth(segment);
    // One cell is left for the sign that something is missing.
    if (used + next >= width) return stringWidth(text) <= width ? text : `${kept}…`;
    kept += segment;
    used += next;
  }
  return kept;
}
