-- Offsets without a message, such as those that a transactional producer's commits and aborts take up,
-- counted where reading goes past them: without that they look like messages that were lost.
alter table raw.stream_offsets add column skipped bigint not null default 0;
comment on column raw.stream_offsets.skipped is 'How many offsets below next_offset hold no message that anybody could read: ends of transactions, and messages of those that were aborted. Counted since this column is there.';
