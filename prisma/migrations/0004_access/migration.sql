create type key_scope as enum ('read', 'submit', 'admin');

-- No key was ever made before this migration, so none needs a scope.
alter table api_key
  add column scope key_scope not null,
  add column project text,
  add column expires_at timestamptz(3),
  add column last_used_at timestamptz(3);

-- A file of no run belongs to the project of the key that sent it; null is everybody's.
alter table artifact add column project text;

create index sweep_project_id_idx on sweep (project, id);

-- One project must not learn by an Idempotency-Key what another has submitted.
drop index sweep_idempotency_key_key;
create unique index sweep_project_idempotency_key_key on sweep (project, idempotency_key);
