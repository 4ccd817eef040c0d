/**
 * The rows a trainer may still write for: its run, locked against a change of state until this
 * transaction ends. `$1` run, `$2` fence. It stands in the writing statement itself; a check before
 * would race with the reaper.
 */
export const heldRun = (fence: boolean): string => `select id from run where id = $1 and ${holds(fence)} for share`;

/** The condition alone, for statements that update the run's own row. */
export const holds = (fence: boolean): string =>
  fence ? "run.state = 'running' and run.fence = $2" : '$2::int is not null';

/** Several at once, with their places: `$1` runs, `$2` fences. Rows are locked by id, as in renewLeases. */
export const heldRuns = (fence: boolean): string => `
      select run.id, g.fence, g.place
      from unnest($1::uuid[], $2::int[]) with ordinality as g (run_id, fence, place) join run on run.id = g.run_id
      where ${fence ? "run.state = 'running' and run.fence = g.fence" : 'true'}
      order by run.id
      for no key update of run`;
