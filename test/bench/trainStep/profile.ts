import type { KernelTimes } from './kernelClock.js';

/** Kernel, calls and milliseconds of one step, the longest first; what took less than a tenth of a millisecond in one line. */
export function profileTable(kernels: KernelTimes, steps: number, totalMs: number): string {
  const rows = Object.entries(kernels)
    .map(([name, { calls, ms }]) => ({ name, calls: calls / steps, ms: ms / steps }))
    .toSorted((a, b) => b.ms - a.ms);
  const small = rows.filter(({ ms }) => ms < 0.1);
  const sum = (of: typeof rows, key: 'calls' | 'ms'): number => of.reduce((total, row) => total + row[key], 0);
  const step = totalMs / steps;
  return [
    ...rows.filter(({ ms }) => ms >= 0.1),
    { name: `${small.length} others`, calls: sum(small, 'calls'), ms: sum(small, 'ms') },
    { name: 'outside of kernels', calls: 0, ms: step - sum(rows, 'ms') },
    { name: 'step', calls: sum(rows, 'calls'), ms: step },
  ]
    .map(({ name, calls, ms }) => `  ${name.padEnd(32)} ${calls.toFixed(0).padStart(6)} ${ms.toFixed(2).padStart(10)}`)
    .join('\n');
}
