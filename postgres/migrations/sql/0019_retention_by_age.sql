-- A shop of 500 orders a day fills a partition in five years, and would keep all of them for as long.
-- So orders also go one by one, a month's or more together: a busy stream's partition spans less than
-- that, and goes whole. How far that came is noted, since a partition no longer tells it by its number.
create table raw.retention (
    only_row boolean primary key default true check (only_row),
    dropped_up_to bigint not null
);
comment on table raw.retention is 'One row: how far retention has come.';
comment on column raw.retention.only_row is 'True; there is no second row.';
comment on column raw.retention.dropped_up_to is 'The ingest_id up to which orders and their decisions were dropped; 0 when none were.';

insert into raw.retention (dropped_up_to)
select greatest(coalesce(min(substring(relation.relname from '[0-9]+$')::bigint), 0) * 1000000 - 1, 0)
from pg_inherits as link
inner join pg_class as relation on relation.oid = link.inhrelid
where link.inhparent = 'raw.transactions_stream'::regclass;

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
    together constant interval := '30 days';
    number bigint;
    last_of_it bigint;
    oldest timestamptz;
    newest timestamptz;
    newest_event timestamptz;
    orders bigint;
    first_kept bigint;
    gone bigint := 0;
    old bigint[] := '{}';
    old_orders bigint[] := '{}';
    parent text;
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
            'select max(ingest_id), min(received_at), max(received_at), max(event_time), count(*), '
            'min(ingest_id) filter (where received_at >= $1 or event_time >= $2) from raw.%I',
            'transactions_stream_' || number
        ) into last_of_it, oldest, newest, newest_event, orders, first_kept using older_than, reach;
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
        gone := (old[at] + 1) * size - 1;
        partition_name := 'transactions_stream_' || old[at];
        dropped_rows := old_orders[at];
        return next;
    end loop;
    if not number = any (old) and oldest < older_than - together then
        -- The last order of all stays, so that what is left begins somewhere.
        first_kept := least(
            coalesce(first_kept, last_of_it),
            last_of_it,
            built_up_to + 1,
            (select min(ingest_id) from raw.flagged_outbox where ingest_id > sent)
        );
        foreach parent in array array['transaction_decisions', 'transactions_stream'] loop
            execute format('delete from raw.%I where ingest_id < $1', parent || '_' || number)
            using first_kept;
            get diagnostics dropped_rows = row_count;
        end loop;
        if dropped_rows > 0 then
            gone := first_kept - 1;
            partition_name := 'transactions_stream_' || number;
            return next;
        end if;
    end if;
    if gone > 0 then
        insert into raw.retention (dropped_up_to) values (gone)
        on conflict (only_row) do update set dropped_up_to = excluded.dropped_up_to;
    end if;
end $$;
comment on function raw.drop_old_partitions(timestamptz, bigint) is 'Drops, oldest first, the partitions of orders and their decisions whose newest order was received before the time and is beyond the reach of every window, if all of it is at or below the ingest_id and its alerts are sent. One without orders goes with those before it, when orders have landed in a later one. Of the next partition such orders go one by one, up to the first that must stay, when the oldest was received a month before the time.';

do $$
begin
    execute format('grant select on raw.retention to %I', current_setting('fraud.dbt'));
end $$;
