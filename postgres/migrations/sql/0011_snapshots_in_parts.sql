-- A snapshot of everything grows with all that a state holds; one of what came since does not.
-- Those there are hold everything and are of another format, which nobody reads any more.
delete from raw.scorer_snapshots;
alter table raw.scorer_snapshots
add column after_ingest_id bigint not null default 0,
add column newest_time timestamptz,
add check (after_ingest_id >= 0 and after_ingest_id < ingest_id);
comment on table raw.scorer_snapshots is 'The scorer''s state in parts, so that a start reads back only what landed since the newest. One row per part: what landed after one ingest_id and up to another. Derived data: losing it costs a longer start and nothing else.';
comment on column raw.scorer_snapshots.after_ingest_id is 'What landed up to here is held by the parts before it; 0 when there are none.';
comment on column raw.scorer_snapshots.ingest_id is 'With the parts before it, it holds every order and label up to this one, and none after it.';
comment on column raw.scorer_snapshots.newest_time is 'No order and no label in it or in the parts before it is newer; empty when that was not noted.';
