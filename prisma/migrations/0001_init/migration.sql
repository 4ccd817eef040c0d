create type sweep_state as enum ('running', 'paused', 'awaiting_review', 'succeeded', 'failed', 'cancelled');
create type stage_state as enum ('pending', 'running', 'selecting', 'awaiting_review', 'done', 'failed', 'cancelled');
create type run_state as enum ('queued', 'running', 'succeeded', 'failed', 'cancelled');
create type failure_class as enum ('diverged', 'out_of_memory', 'crashed', 'lost', 'stalled', 'timeout', 'invalid_data');
create type capability as enum ('cpu', 'gpu');
create type artifact_kind as enum ('checkpoint', 'weights', 'latents', 'figure', 'movie', 'log', 'table', 'other');
create type event_type as enum ('run', 'stage', 'sweep');

create table dataset (
  hash text not null,
  kind text not null,
  size bigint not null,
  facts json not null,
  created_at timestamptz(3) not null default now(),
  constraint dataset_pkey primary key (hash)
);

create table sweep (
  id uuid not null,
  name text not null,
  project text not null,
  model text not null,
  state sweep_state not null default 'running',
  spec json not null,
  text text not null,
  idempotency_key text,
  event_seq integer not null default 0,
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  constraint sweep_pkey primary key (id)
);
create unique index sweep_idempotency_key_key on sweep (idempotency_key);
-- The few sweeps that dispatch and the scheduler look at, however many are finished.
create index sweep_active_idx on sweep (id) where state in ('running', 'paused', 'awaiting_review');

create table cell (
  id uuid not null,
  sweep_id uuid not null,
  hash text not null,
  dataset_hash text not null,
  model text not null,
  model_version text not null,
  params json not null,
  dataset json not null,
  constraint cell_pkey primary key (id),
  constraint cell_sweep_id_fkey foreign key (sweep_id) references sweep (id) on delete cascade on update cascade
);
create unique index cell_sweep_id_hash_dataset_hash_key on cell (sweep_id, hash, dataset_hash);

create table stage (
  id uuid not null,
  sweep_id uuid not null,
  ordinal integer not null,
  name text not null,
  state stage_state not null default 'pending',
  plan json not null,
  dataset_hash text not null,
  priority integer not null,
  weight double precision not null,
  max_parallel integer,
  max_failures integer not null,
  reason text,
  selected_cell_id uuid,
  why text,
  decided_by text,
  created_at timestamptz(3) not null default now(),
  decided_at timestamptz(3),
  constraint stage_pkey primary key (id),
  constraint stage_sweep_id_fkey foreign key (sweep_id) references sweep (id) on delete cascade on update cascade,
  constraint stage_selected_cell_id_fkey foreign key (selected_cell_id) references cell (id) on delete no action on update no action,
  constraint stage_dataset_hash_fkey foreign key (dataset_hash) references dataset (hash) on delete restrict on update cascade,
  -- Dispatch divides by it.
  constraint stage_weight_positive check (weight > 0)
);
create unique index stage_sweep_id_ordinal_key on stage (sweep_id, ordinal);
create unique index stage_sweep_id_name_key on stage (sweep_id, name);
create index stage_selected_cell_id_idx on stage (selected_cell_id);

create table stage_cell (
  stage_id uuid not null,
  cell_id uuid not null,
  ordinal integer not null,
  point json not null,
  constraint stage_cell_pkey primary key (stage_id, cell_id),
  constraint stage_cell_stage_id_fkey foreign key (stage_id) references stage (id) on delete cascade on update cascade,
  constraint stage_cell_cell_id_fkey foreign key (cell_id) references cell (id) on delete cascade on update cascade
);
create index stage_cell_cell_id_idx on stage_cell (cell_id);

create table worker (
  id uuid not null,
  host text not null,
  pid integer not null,
  slots integer not null,
  capability capability not null,
  devices text[],
  version text not null,
  started_at timestamptz(3) not null default now(),
  heartbeat_at timestamptz(3) not null default now(),
  gone_at timestamptz(3),
  constraint worker_pkey primary key (id)
);

create table run (
  id uuid not null,
  sweep_id uuid not null,
  stage_id uuid not null,
  cell_id uuid not null,
  seed integer not null,
  dataset_hash text not null,
  state run_state not null default 'queued',
  fence integer not null default 0,
  failures integer not null default 0,
  failure_class failure_class,
  failure_message text,
  parent_run_id uuid,
  priority integer not null default 0,
  dispatched_to capability,
  lease_until timestamptz(3),
  worker_id uuid,
  epoch integer,
  epochs integer,
  step integer,
  created_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  constraint run_pkey primary key (id),
  constraint run_sweep_id_fkey foreign key (sweep_id) references sweep (id) on delete cascade on update cascade,
  constraint run_stage_id_fkey foreign key (stage_id) references stage (id) on delete cascade on update cascade,
  constraint run_cell_id_fkey foreign key (cell_id) references cell (id) on delete cascade on update cascade,
  constraint run_parent_run_id_fkey foreign key (parent_run_id) references run (id) on delete no action on update no action,
  constraint run_worker_id_fkey foreign key (worker_id) references worker (id) on delete set null on update cascade,
  -- A lease and an owner belong to running, and to nothing else.
  constraint run_owned_while_running check ((state = 'running') = (lease_until is not null and worker_id is not null)),
  constraint run_dispatched_while_queued check (dispatched_to is null or state = 'queued')
);
-- Without NULLS NOT DISTINCT (Postgres 15) the usual run, which has no parent, would not be unique at all.
create unique index run_cell_id_seed_parent_run_id_key on run (cell_id, seed, parent_run_id) nulls not distinct;
create index run_sweep_id_id_idx on run (sweep_id, id);
create index run_sweep_id_state_idx on run (sweep_id, state);
create index run_stage_id_idx on run (stage_id);
create index run_parent_run_id_idx on run (parent_run_id);
-- Dispatch takes the head of each sweep's line without reading the line.
create index run_waiting_idx on run (sweep_id, priority desc, id) where state = 'queued' and dispatched_to is null;
-- What counts against maxParallel and fair share; also what the queue should hold.
create index run_busy_idx on run (sweep_id) where state = 'running' or (state = 'queued' and dispatched_to is not null);
-- The reaper and the slots in use. lease_until is left out so that a renewal stays a heap-only update.
create index run_running_idx on run (worker_id) where state = 'running';

create table stage_run (
  stage_id uuid not null,
  run_id uuid not null,
  constraint stage_run_pkey primary key (stage_id, run_id),
  constraint stage_run_stage_id_fkey foreign key (stage_id) references stage (id) on delete cascade on update cascade,
  constraint stage_run_run_id_fkey foreign key (run_id) references run (id) on delete cascade on update cascade
);
create index stage_run_run_id_idx on stage_run (run_id);

create table attempt (
  run_id uuid not null,
  fence integer not null,
  worker_id uuid not null,
  backend json,
  started_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  "end" text,
  message text,
  constraint attempt_pkey primary key (run_id, fence),
  constraint attempt_run_id_fkey foreign key (run_id) references run (id) on delete cascade on update cascade,
  constraint attempt_worker_id_fkey foreign key (worker_id) references worker (id) on delete restrict on update cascade
);

create table metric_name (
  id smallserial not null,
  name text not null,
  constraint metric_name_pkey primary key (id)
);
create unique index metric_name_name_key on metric_name (name);

-- No foreign keys: each would cost a look-up a point, and the fenced insert has locked its run anyway.
-- Deleting a sweep deletes its points by hand.
create table metric_point (
  run_id uuid not null,
  name_id smallint not null,
  split smallint not null,
  step integer not null,
  epoch integer not null,
  value double precision not null,
  constraint metric_point_pkey primary key (run_id, name_id, split, step)
);

create table run_summary (
  run_id uuid not null,
  name_id smallint not null,
  value double precision not null,
  constraint run_summary_pkey primary key (run_id, name_id),
  constraint run_summary_run_id_fkey foreign key (run_id) references run (id) on delete cascade on update cascade,
  constraint run_summary_name_id_fkey foreign key (name_id) references metric_name (id) on delete restrict on update cascade
);

create table cell_score (
  stage_id uuid not null,
  cell_id uuid not null,
  name_id smallint not null,
  n integer not null,
  mean double precision not null,
  median double precision not null,
  constraint cell_score_pkey primary key (stage_id, cell_id, name_id),
  constraint cell_score_stage_id_fkey foreign key (stage_id) references stage (id) on delete cascade on update cascade,
  constraint cell_score_cell_id_fkey foreign key (cell_id) references cell (id) on delete cascade on update cascade,
  constraint cell_score_name_id_fkey foreign key (name_id) references metric_name (id) on delete restrict on update cascade
);
create index cell_score_stage_id_name_id_mean_idx on cell_score (stage_id, name_id, mean);
create index cell_score_cell_id_idx on cell_score (cell_id);

create table artifact (
  id uuid not null,
  run_id uuid,
  fence integer,
  name text not null,
  kind artifact_kind not null,
  media_type text not null,
  sha256 text not null,
  size bigint not null,
  epoch integer,
  step integer,
  created_at timestamptz(3) not null default now(),
  constraint artifact_pkey primary key (id),
  constraint artifact_run_id_fkey foreign key (run_id) references run (id) on delete cascade on update cascade
);
create unique index artifact_run_id_name_fence_key on artifact (run_id, name, fence);
create index artifact_sha256_idx on artifact (sha256);

create table event (
  id bigserial not null,
  sweep_id uuid not null,
  seq integer not null,
  at timestamptz(3) not null default now(),
  type event_type not null,
  data json not null,
  constraint event_pkey primary key (id),
  constraint event_sweep_id_fkey foreign key (sweep_id) references sweep (id) on delete cascade on update cascade
);
create unique index event_sweep_id_seq_key on event (sweep_id, seq);

create table api_key (
  id uuid not null,
  name text not null,
  secret_hash text not null,
  created_at timestamptz(3) not null default now(),
  revoked_at timestamptz(3),
  constraint api_key_pkey primary key (id)
);
