-- What is still within reach of a window, by event time, stays: orders with old timestamps, such as a
-- back-fill's, are received long ago and new to the scorer all the same. 32 days are its horizon.
-- All are looked through before the first is dropped: from then on landing waits until the end.
create or replace function raw.drop_old_partitions(older_than timestamptz, built_up_to bigint)
returns table (partition_name text, dropped_rows bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    size constant bigint := 1000000;
    number bigint;
    last_of_it bigint;
    newest timestamptz;
    newest_event timestamptz;
    orders bigint;
    old bigint[] := '{}';
    old_orders bigint[] := '{}';
    reach timestamptz := (
        select max(lease.newest_event_time) - interval '32 days' from raw.scorer_lease as lease
    );
    sent bigint := coalesce(
        (
            select published.last_id from raw.publication_positions as published
            where published.channel = 'transactions_flagged'
        ),
        0
    );
begin
    for number in
        select substring(relation.relname from '[0-9]+$')::bigint
        from pg_inherits as link
        inner join pg_class as relation on relation.oid = link.inhrelid
        where link.inhparent = 'raw.transactions_stream'::regclass
        order by 1
    loop
        execute format(
            'select max(ingest_id), max(received_at), max(event_time), count(*) from raw.%I',
            'transactions_stream_' || number
        ) into last_of_it, newest, newest_event, orders;
        -- The newest orders are in the partition where this ends, which is never dropped.
        -- Of an empty one all but the last condition are null, and it goes when orders come after it.
        exit when newest >= older_than or newest_event >= reach or last_of_it > built_up_to
            or exists (
                select from raw.flagged_outbox where ingest_id <= last_of_it and ingest_id > sent
            )
            or not exists (
                select from raw.transactions_stream
                where ingest_id > coalesce(last_of_it, number * size)
            );
        old := old || number;
        old_orders := old_orders || orders;
    end loop;
    delete from raw.flagged_outbox where ingest_id <= sent;
    for at in 1 .. cardinality(old) loop
        execute format('drop table raw.%I', 'transactions_stream_' || old[at]);
        execute format('drop table raw.%I', 'transaction_decisions_' || old[at]);
        partition_name := 'transactions_stream_' || old[at];
        dropped_rows := old_orders[at];
        return next;
    end loop;
end $$;
comment on function raw.drop_old_partitions(timestamptz, bigint) is 'Drops, oldest first, the partitions of orders and their decisions whose newest order was received before the time and is beyond the reach of every window, if all of it is at or below the ingest_id and its alerts are sent. One without orders goes with those before it, when orders have landed in a later one.';
