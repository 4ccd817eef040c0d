import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A run to train in a fresh process: TensorFlow.js opens one backend a process, and a resume must need no memory. */
export interface Job {
  model: string;
  params: Record<string, unknown>;
  dataset: Record<string, unknown>;
  seed: number;
  backend: 'wasm' | 'tfjs-node-gpu' | 'cpu';
  roots?: string[];
  /** Files. */
  resume?: string;
  weights?: string;
  checkpoint?: string;
  artifactDir?: string;
  /** Asks the trainer to stop when it reports this step. */
  stopAtStep?: number;
  checkpointAtSteps?: number[];
}

export interface Point {
  epoch: number;
  step: number;
  split: 'train' | 'val' | 'test';
  metrics: Record<string, number | string>;
}

export interface Result {
  /** `succeeded`, `stopped`, or the error's name. */
  state: string;
  message?: string;
  summary: Record<string, number>;
  points: Point[];
  artifacts: Record<string, { sha256: string; size: number; mediaType: string }>;
  steps: { step: number; ms: number }[];
  /** Live tensors at every turn that the trainer gave. */
  tensors: number[];
  /** Live tensors after the run less those before. */
  leaked: number;
  info: { backend: string; threads: number };
}

const run = promisify(execFile);
const child = new URL('./trainChild.mjs', import.meta.url).pathname;

export const scratch = (): string => mkdtempSync(join(tmpdir(), 'trawl-training-'));

/** Trains and gives back everything that the trainer said. Throws with the child's stderr when it crashes. */
export async function trainInChild(job: Job): Promise<Result> {
  const folder = scratch();
  const [jobFile, resultFile] = [join(folder, 'job.json'), join(folder, 'result.json')];
  writeFileSync(jobFile, JSON.stringify(job));
  await run(process.execPath, [child, jobFile, resultFile], { maxBuffer: 1 << 26 });
  const result: Result = JSON.parse(readFileSync(resultFile, 'utf8'));
  return result;
}
