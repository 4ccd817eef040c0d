create table extension (
  id uuid not null,
  sweep_id uuid not null,
  stage_id uuid not null,
  idempotency_key text,
  body json not null,
  created_at timestamptz(3) not null default now(),
  constraint extension_pkey primary key (id),
  constraint extension_sweep_id_fkey foreign key (sweep_id) references sweep (id) on delete cascade on update cascade,
  constraint extension_stage_id_fkey foreign key (stage_id) references stage (id) on delete cascade on update cascade
);
create unique index extension_idempotency_key_key on extension (idempotency_key);
create index extension_sweep_id_idx on extension (sweep_id);
create index extension_stage_id_idx on extension (stage_id);

alter table stage_cell alter column ordinal drop not null;
