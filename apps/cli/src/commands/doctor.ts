import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backendReport, type BackendReport } from '@trawl/nn/native';
import type { Command } from 'commander';
import { type Config, readStackFile } from '../config.js';
import type { Context } from '../context.js';
import { bytes } from '../render/numbers.js';

export function doctorCommand(program: Command, context: () => Context): void {
  program
    .command('doctor')
    .description('what this machine trains on, what a faster backend takes, free disk, and whether a service runs')
    .action(async () => {
      const ctx = context();
      const backend = await describeBackend(ctx.config);
      const service = await describeService(ctx);
      const disk = await describeDisk(ctx.config.dataDir);
      ctx.show({ backend, service, disk }, () =>
        [backendText(backend), diskText(disk), serviceText(service, ctx.config)].join('\n'),
      );
    });
}

/** Throws BackendError where TRAWL_BACKEND asks for what is not installed. */
export function describeBackend(config: Config): Promise<BackendReport> {
  return backendReport(config.backend, { cacheDir: config.nativeCacheDir });
}

export function backendText(report: BackendReport): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [`backend   ${report.backend} on ${report.device} (${versions.join(', ')})`];
  const { faster } = report;
  if (faster !== null) {
    lines.push(`faster    ${faster.command}: ${faster.why}`);
    for (const { what, remedy } of faster.missing) lines.push(`          missing: ${what}; remedy: ${remedy}`);
  }
  return lines.join('\n');
}

interface Disk {
  folder: string;
  freeBytes: number;
  totalBytes: number;
}

/** Of the data directory, or of the nearest folder that there is. */
async function describeDisk(folder: string): Promise<Disk> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    if (dirname(folder) === folder) throw error;
    return describeDisk(dirname(folder));
  }
}

const LITTLE_BYTES = 5e9;

function diskText({ folder, freeBytes, totalBytes }: Disk): string {
  const remedy = freeBytes < LITTLE_BYTES ? '; little: trawl gc, or delete old sweeps' : '';
  return `disk      ${bytes(freeBytes)} of ${bytes(totalBytes)} free in ${folder}${remedy}`;
}

interface Service {
  apiUrl: string | null;
  ready: boolean;
  detail: string;
}

async function describeService(ctx: Context): Promise<Service> {
  const apiUrl = ctx.config.apiUrl ?? readStackFile(ctx.config.dataDir)?.apiUrl ?? null;
  if (apiUrl === null) return { apiUrl, ready: false, detail: 'none runs' };
  try {
    await ctx.client({ timeoutMs: 5_000, retry: { attempts: 1 } }).health.ready();
    return { apiUrl, ready: true, detail: 'ready' };
  } catch (error) {
    return { apiUrl, ready: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function serviceText({ apiUrl, detail }: Service, config: Config): string {
  return apiUrl === null
    ? `service   none runs on ${config.dataDir}; start one with npm start`
    : `service   ${apiUrl}: ${detail}`;
}
