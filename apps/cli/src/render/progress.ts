import type { RunCounts, SweepDetail } from '@trawl/spec';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { duration, point } from './numbers.js';
import { counts } from './tables.js';

/** Shows a sweep's progress as it is told of it. */
export interface Progress {
  show(sweep: SweepDetail): void;
  stop(): void;
}

const total = (runs: RunCounts): number => runs.queued + runs.running + runs.succeeded + runs.failed + runs.cancelled;
const finished = (runs: RunCounts): number => runs.succeeded + runs.failed + runs.cancelled;

/** What a person wants to read when a stage changes: one line each. */
function stageNews(sweep: SweepDetail, told: Set<string>): string[] {
  const news: string[] = [];
  for (const stage of sweep.stages) {
    const key = `${stage.name}/${stage.state}`;
    if (stage.state === 'pending' || told.has(key)) continue;
    told.add(key);
    if (stage.state === 'running')
      news.push(`stage ${stage.name}: ${stage.cells ?? '?'} cells, ${total(stage.runs)} runs`);
    if (stage.state === 'awaiting_review') news.push(`stage ${stage.name} waits for review: ${stage.reason ?? ''}`);
    if (stage.state === 'failed') news.push(`stage ${stage.name} failed: ${stage.reason ?? ''}`);
    if (stage.state === 'done') {
      news.push(
        stage.selected === null
          ? `stage ${stage.name}: done`
          : `stage ${stage.name}: selected ${point(stage.selected.point)} (${stage.selected.why})`,
      );
    }
  }
  return news;
}

function eta(sweep: SweepDetail): string {
  return sweep.progress.etaSeconds === null ? '' : `about ${duration(sweep.progress.etaSeconds)} left`;
}

/** Two bars, runs and epochs, that redraw in place. */
function bars(stream: NodeJS.WriteStream): Progress {
  const told = new Set<string>();
  const multi = new MultiBar(
    {
      stream,
      format: '{label} {bar} {value}/{total}  {note}',
      hideCursor: true,
      clearOnComplete: true,
      forceRedraw: true,
    },
    Presets.shades_classic,
  );
  let runs: SingleBar | undefined;
  let epochs: SingleBar | undefined;
  return {
    show(sweep) {
      for (const line of stageNews(sweep, told)) multi.log(`${line}\n`);
      runs ??= multi.create(1, 0, { label: 'runs  ', note: '' });
      epochs ??= multi.create(1, 0, { label: 'epochs', note: '' });
      runs.setTotal(Math.max(1, total(sweep.runs)));
      runs.update(finished(sweep.runs), { note: counts(sweep.runs) });
      epochs.setTotal(Math.max(1, sweep.progress.epochsTotal));
      epochs.update(sweep.progress.epochsDone, { note: eta(sweep) });
    },
    stop: () => multi.stop(),
  };
}

/** A line a change, for logs and pipes: at most one every few seconds beside stage news. */
function lines(stream: NodeJS.WritableStream): Progress {
  const QUIET_MS = 5_000;
  const told = new Set<string>();
  let last = '';
  let lastAt = -Infinity;
  return {
    show(sweep) {
      for (const line of stageNews(sweep, told)) stream.write(`${line}\n`);
      const line =
        `${counts(sweep.runs)}; epochs ${sweep.progress.epochsDone}/${sweep.progress.epochsTotal} ${eta(sweep)}`.trimEnd();
      if (line === last || performance.now() - lastAt < QUIET_MS) return;
      last = line;
      lastAt = performance.now();
      stream.write(`${line}\n`);
    },
    stop: () => {},
  };
}

export function progress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? bars(stream) : lines(stream);
}
