import type { StartMessage, StopMessage } from '@trawl/spec';
import type { Ears, Ended, TrainerProcess } from './trainerProcess.js';

/*
 * A slot's trainer process goes from run to run: a start costs a second or two, many small runs are shorter. It stays
 * only after a run that succeeded or was paused and left nothing behind in it (the trainer looks itself and else ends),
 * for runs of the same model, and not for long without one: idle, it holds memory of its device.
 */

/** A run in the hands of a process. */
export interface Training {
  readonly pid: number | undefined;
  /** Whether the process had trained before. */
  readonly warm: boolean;
  stop(message: StopMessage): void;
  /** SIGKILL. */
  kill(): void;
  /** Resolves when the process is gone, or done with the run, and its last message has been handed over. */
  ended: Promise<Ended>;
  /** The attempt is over: unless `keep`, so is the process. */
  release(keep: boolean): void;
}

export interface Trainers {
  /** Of the free slots one whose process is warm for the model, else one without a process, else the first. */
  choose(free: readonly number[], model: string): number;
  /** Ends the processes that wait for a run in these slots. Resolves when they are gone. */
  clear(slots: readonly number[]): Promise<void>;
  /** Gives the run to the slot's warm process, or to a new one after the old is gone. */
  train(slot: number, start: StartMessage, ears: Ears): Promise<Training>;
  /** Kills those that wait for a run, and keeps none any more. */
  close(): void;
}

interface Warm {
  process: TrainerProcess;
  model: string;
  timer: NodeJS.Timeout;
}

const IDLE_SECONDS = 30;
/** What a process that is done with its run, and lives on, is taken to have ended with. */
const CLEAN = { code: 0, signal: null };

export function openTrainers(startProcess: (slot: number) => TrainerProcess, idleSeconds = IDLE_SECONDS): Trainers {
  const warm = new Map<number, Warm>();
  let closed = false;

  const take = (slot: number): Warm | undefined => {
    const kept = warm.get(slot);
    warm.delete(slot);
    clearTimeout(kept?.timer);
    return kept;
  };
  const discard = async (slot: number): Promise<void> => {
    const kept = take(slot);
    kept?.process.kill();
    await kept?.process.gone;
  };
  const keep = (slot: number, process: TrainerProcess, model: string): void => {
    const timer = setTimeout(() => void discard(slot), idleSeconds * 1000);
    warm.set(slot, { process, model, timer });
    void process.gone.then(() => {
      if (warm.get(slot)?.process === process) take(slot);
    });
  };
  const warmFor = (slot: number, model: string): boolean => {
    const kept = warm.get(slot);
    return kept !== undefined && kept.model === model && kept.process.alive;
  };

  return {
    choose(free, model) {
      const slot = free.find((each) => warmFor(each, model)) ?? free.find((each) => !warm.has(each)) ?? free[0];
      if (slot === undefined) throw new Error('no slot is free');
      return slot;
    },

    async clear(slots) {
      await Promise.all(slots.map(discard));
    },

    async train(slot, start, ears) {
      const { model } = start;
      let isWarm = warmFor(slot, model);
      const kept = isWarm ? take(slot) : undefined;
      // Its memory, above all that of a GPU, must be free before the next takes some.
      if (!isWarm) await discard(slot);
      let process = kept?.process ?? startProcess(slot);
      let spoke = false;
      let killed = false;
      let idle = false;
      let order: StopMessage | null = null;
      const listening: Ears = {
        onOutput: ears.onOutput,
        onMessage(message) {
          spoke = true;
          ears.onMessage(message);
        },
      };
      const begin = async (): Promise<Ended> => {
        const attended = process.attend(listening);
        process.send(start);
        if (order !== null) process.send(order);
        const end = await attended;
        if (end === 'idle') {
          idle = true;
          return { exit: CLEAN, output: '' };
        }
        if (!isWarm || spoke || killed) return end;
        // It died of the run before, or of waiting: that is no failure of this run.
        isWarm = false;
        process = startProcess(slot);
        return begin();
      };
      const ended = begin();
      return {
        get pid() {
          return process.pid;
        },
        get warm() {
          return isWarm;
        },
        stop(message) {
          order = message;
          process.send(message);
        },
        kill() {
          killed = true;
          process.kill();
        },
        ended,
        release(wanted) {
          if (wanted && idle && !closed && process.alive) keep(slot, process, model);
          else process.kill();
        },
      };
    },

    close() {
      closed = true;
      for (const slot of warm.keys()) void discard(slot);
    },
  };
}
