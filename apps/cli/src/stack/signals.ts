const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP. From then on another Ctrl-C ends the process at once; the other two,
 * of which a service manager may send several, do nothing more.
 */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const heard = (signal: NodeJS.Signals): void => {
      for (const each of SIGNALS) {
        process.removeListener(each, heard);
        process.on(each, () => {
          if (each === 'SIGINT') process.exit(130);
        });
      }
      resolve(signal);
    };
    for (const each of SIGNALS) process.on(each, heard);
  });
}
