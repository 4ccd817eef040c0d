-- The order of a stage's cells by one criterion, kept between reads. `seq`: up to which event of the sweep it is right;
-- null: it was never made.
create table ranking (
  id serial not null,
  stage_id uuid not null,
  criterion text not null,
  seq integer,
  constraint ranking_pkey primary key (id),
  constraint ranking_stage_id_fkey foreign key (stage_id) references stage (id) on delete cascade on update cascade
);
create unique index ranking_stage_id_criterion_key on ranking (stage_id, criterion);

-- No foreign key to the cell: it goes with its stage, and each deletion of a cell would have to look here.
create table ranked_cell (
  ranking_id integer not null,
  cell_id uuid not null,
  sort double precision,
  place integer not null,
  ordinal integer not null,
  tie integer not null,
  constraint ranked_cell_pkey primary key (ranking_id, cell_id),
  constraint ranked_cell_ranking_id_fkey foreign key (ranking_id) references ranking (id) on delete cascade on update cascade
);
create index ranked_cell_ranking_id_sort_tie_idx on ranked_cell (ranking_id, sort, tie);

-- Was written with every run that succeeded and could not rank: which runs count is for the model to say.
drop table cell_score;
