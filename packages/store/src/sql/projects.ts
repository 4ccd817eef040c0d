import type { Statement } from '../statement.js';

/** What counts against a limit: running, or handed to a queue. `s` is the sweep. */
const busy = `
    select count(*) from sweep s join run on run.sweep_id = s.id
    where s.project = q.project and (run.state = 'running' or (run.state = 'queued' and run.dispatched_to is not null))`;

export const listProjects: Statement = {
  text: `
    select q.project, q.max_parallel as "maxParallel", (${busy})::int as busy
    from project_quota q order by q.project`,
};

/** $1 project, $2 limit. */
export const limitProject: Statement = {
  text: `
    insert into project_quota (project, max_parallel) values ($1, $2)
    on conflict (project) do update set max_parallel = excluded.max_parallel`,
};

/** $1 project. */
export const unlimitProject: Statement = { text: 'delete from project_quota where project = $1' };
