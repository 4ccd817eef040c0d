import { backendReport, type BackendReport } from '@trawl/nn/native';
import type { Command } from 'commander';
import { type Config, readStackFile } from '../config.js';
import type { Context } from '../context.js';

export function doctorCommand(program: Command, context: () => Context): void {
  program
    .command('doctor')
    .description('what this machine trains on, what a faster backend takes, and whether a service runs')
    .action(async () => {
      const ctx = context();
      const backend = await describeBackend(ctx.config);
      const service = await describeService(ctx.config);
      ctx.show({ backend, service }, () => `${backendText(backend)}\n${serviceText(service, ctx.config)}`);
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

interface Service {
  apiUrl: string | null;
  ready: boolean;
  detail: string;
}

async function describeService(config: Config): Promise<Service> {
  const apiUrl = config.apiUrl ?? readStackFile(config.dataDir)?.apiUrl ?? null;
  if (apiUrl === null) return { apiUrl, ready: false, detail: 'none runs' };
  try {
    const answer = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(5_000) });
    return { apiUrl, ready: answer.ok, detail: answer.ok ? 'ready' : await answer.text() };
  } catch (error) {
    return { apiUrl, ready: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function serviceText({ apiUrl, detail }: Service, config: Config): string {
  return apiUrl === null
    ? `service   none runs on ${config.dataDir}; start one with npm start`
    : `service   ${apiUrl}: ${detail}`;
}
