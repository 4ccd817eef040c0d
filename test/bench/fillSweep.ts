import type { Database } from './database.js';

/** Summary metrics of a run. */
const METRICS = 10;
/** Points of a curve of each run, and of the run that is returned. */
const POINTS = 4;
const LONG_CURVE = 2_000;

/** In order; $1 stands for the sweep, $2 for how many cells it should have, of one run each, of which the last $3 wait. */
const STATEMENTS = [
  // What addSweep has made shows how rows look.
  `create temp table model_cell as select * from cell where sweep_id = $1 limit 1`,
  `insert into cell (id, sweep_id, hash, dataset_hash, model, model_version, params, dataset)
   select gen_random_uuid(), c.sweep_id, md5(c.sweep_id::text || n) || md5(n::text), c.dataset_hash, c.model, c.model_version,
          json_build_object('alpha', 1, 'beta', n), c.dataset
   from model_cell c, generate_series(2, $2::int - 1) n`,
  `insert into stage_cell (stage_id, cell_id, ordinal, point)
   select st.id, c.id, (c.params ->> 'beta')::int, json_build_object('beta', c.params -> 'beta')
   from stage st join cell c on c.sweep_id = st.sweep_id
   where st.sweep_id = $1 and (c.params ->> 'beta')::int > 1`,
  // Ids rise with time, as those of the service.
  `delete from stage_run where stage_id in (select id from stage where sweep_id = $1)`,
  `delete from run where sweep_id = $1`,
  `insert into run (id, sweep_id, stage_id, cell_id, seed, dataset_hash, state, fence, finished_at, epoch, epochs, step)
   select uuidv7(), c.sweep_id, sc.stage_id, c.id, 1, c.dataset_hash, done.state, done.fence, done.finished_at, done.epoch,
          done.epochs, done.step
   from stage_cell sc
   join cell c on c.id = sc.cell_id
   join (values (true, false, 'succeeded'::run_state, 2, now(), 4, 4, 400), (true, true, 'failed', 2, now(), 4, 4, 400),
                (false, null, 'queued', 0, null, null, null, null))
     as done (ended, failed, state, fence, finished_at, epoch, epochs, step)
     on done.ended = (sc.ordinal < $2::int - $3::int) and (not done.ended or done.failed = (sc.ordinal % 1000 = 500))
   where c.sweep_id = $1 order by sc.ordinal`,
  `insert into stage_run (stage_id, run_id) select stage_id, id from run where sweep_id = $1`,
  `insert into metric_name (name) select 'val.loss' union all select 'loss' union all
   select 'val.m' || n from generate_series(2, ${METRICS}) n on conflict do nothing`,
  `insert into run_summary (run_id, name_id, value)
   select r.id, m.id, random() from run r, metric_name m
   where r.sweep_id = $1 and r.state = 'succeeded' and m.name like 'val.%'`,
  `insert into metric_point (run_id, name_id, split, step, epoch, value)
   select r.id, m.id, 0, n, n, 1.0 / n from run r, metric_name m, generate_series(1, ${POINTS}) n
   where r.sweep_id = $1 and m.name = 'loss'`,
  `drop table model_cell`,
];

/** Of a sweep all of whose runs are finished. */
const FINISH = [
  `update stage st set state = 'done', decided_at = now(), decided_by = 'rule', why = 'bench', selected_cell_id = (
     select r.cell_id from run r join run_summary s on s.run_id = r.id join metric_name m on m.id = s.name_id
     where r.sweep_id = $1 and m.name = 'val.loss' order by s.value limit 1)
   where st.sweep_id = $1`,
  `update sweep set state = 'succeeded', finished_at = now() where id = $1`,
];

/**
 * Makes a sweep of two cells one of `cells`, with what its runs left, by statements that pass the service by: finished, or
 * with `waiting` runs still to do.
 * @returns a run with a long curve, and the runs that wait
 */
export async function fillSweep(
  database: Database,
  sweep: string,
  { cells, waiting }: { cells: number; waiting: number },
): Promise<{ curve: string; waiting: string[] }> {
  const values = [`'${sweep}'`, String(cells), String(waiting)];
  // CREATE TABLE takes no parameters; all are ours.
  for (const text of [...STATEMENTS, ...(waiting === 0 ? FINISH : [])])
    await database.rows(text.replaceAll(/\$(\d)/g, (_, n: string) => values[Number(n) - 1] ?? ''));
  const [run] = await database.rows("select id from run where sweep_id = $1 and state = 'succeeded' limit 1", [sweep]);
  const curve = String(run?.['id']);
  await database.rows(
    `insert into metric_point (run_id, name_id, split, step, epoch, value)
     select $1, m.id, 0, n, n, 1.0 / n from metric_name m, generate_series(${POINTS + 1}, ${LONG_CURVE}) n
     where m.name = 'loss'`,
    [curve],
  );
  const queued = await database.rows("select id from run where sweep_id = $1 and state = 'queued' order by id", [
    sweep,
  ]);
  return { curve, waiting: queued.map(({ id }) => String(id)) };
}
