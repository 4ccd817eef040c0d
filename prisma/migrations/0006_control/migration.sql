-- A run that a person holds back: queued, but not for dispatch.
alter table run add column paused boolean not null default false;

-- Without it a sweep whose runs are held back would have its line read through at every dispatch.
drop index run_waiting_idx;
create index run_waiting_idx on run (sweep_id, priority desc, id)
  where state = 'queued' and dispatched_to is null and not paused;

-- No row: no limit.
create table project_quota (
  project      text primary key,
  max_parallel integer not null check (max_parallel > 0)
);
