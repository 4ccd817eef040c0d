/** Of rows with an id: how many, and between which ids they lie. There is no min of a uuid; as text they sort alike. */
export const batch = 'count(*)::int as runs, min(id::text) as first, max(id::text) as last';
