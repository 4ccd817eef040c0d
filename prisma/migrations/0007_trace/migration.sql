-- W3C trace context of the POST, which everything that becomes of the sweep is a part of. Null where nothing is traced.
alter table sweep add column traceparent text;
