/**
 * The rows a trainer may still write for: its run, locked against a change of state until this
 * transaction ends. `$1` run, `$2` fence. It stands in the writing statement itself; a check before
 * would race with the reaper.
 */
export const heldRun = (fence: boolean): string => `select id from run where id = $1 and ${holds(fence)} for share`;

/** The condition alone, for statements that update the run's own row. */
export const holds = (fence: boolean): string =>
  fence ? "run.state = 'running' and run.fence = $2" : '$2::int is not null';
