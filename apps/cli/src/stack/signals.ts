/** Resolves at the first SIGINT or SIGTERM; from then on a second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const heard = (signal: NodeJS.Signals): void => {
      for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.removeListener(each, heard);
        process.once(each, () => process.exit(130));
      }
      resolve(signal);
    };
    for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(each, heard);
  });
}
