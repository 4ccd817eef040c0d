alter table dataset
  add column name text,
  add column path text,
  add column uploaded_at timestamptz(3);
create index dataset_created_at_hash_idx on dataset (created_at, hash);
