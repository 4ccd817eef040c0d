-- Of no sweep: what was done outlives what it was done to.
create table audit (
  id bigserial not null,
  at timestamptz(3) not null default now(),
  key_id uuid,
  "by" text not null,
  action text not null,
  target text,
  detail json,
  constraint audit_pkey primary key (id)
);
create index audit_target_idx on audit (target);
