import type { Statement } from '../statement.js';

/** Key of the advisory lock under which events get their ids. */
export const EVENT_LOCK = 7_238_001;

/** Held until commit: an event's id is then above every id that anybody can have read. A statement of its own, since ids are drawn by the next. */
export const lockEvents: Statement = { name: 'lock_events', text: 'select pg_advisory_xact_lock($1)' };

/** $1 sweep, $2 how many, $3 types, $4 data (JSON). Updating the sweep takes its row lock, which makes seq gapless. */
export const appendEvents: Statement = {
  name: 'append_events',
  text: `
    with bumped as (
      update sweep set event_seq = event_seq + $2::int where id = $1 returning event_seq - $2::int as base
    )
    insert into event (sweep_id, seq, type, data)
    select $1, bumped.base + e.n, e.type::event_type, e.data::json
    from bumped, unnest($3::text[], $4::text[]) with ordinality as e (type, data, n)
    order by e.n`,
};
