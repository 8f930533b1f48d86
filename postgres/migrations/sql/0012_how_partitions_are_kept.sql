-- Two things cost a partition of orders or decisions more than they are worth while it fills up:
-- * A row of more than two kilobytes was compressed, which took several times as long as writing it:
--   one decision in fourteen, those with several reasons. Two rows of the new size fill a page.
-- * What comes in was vacuumed beside it, though nothing in it is ever dead: each page was written
--   and logged once more. A partition is vacuumed when it is full and raw.settle_partitions says so.
do $$
declare
    partition regclass;
begin
    for partition in
        select inhrelid::regclass
        from pg_inherits
        where inhparent in ('raw.transactions_stream'::regclass, 'raw.transaction_decisions'::regclass)
    loop
        execute format(
            'alter table %s set (toast_tuple_target = 4080, autovacuum_vacuum_insert_threshold = -1)',
            partition
        );
    end loop;
end $$;

create or replace function raw.ensure_partitions(up_to bigint) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
as $$
declare
    size constant bigint := 1000000;
    next_number bigint;
    parent text;
    partition text;
begin
    lock table raw.transactions_stream in share update exclusive mode;
    select
        greatest(
            (
                select max(substring(relation.relname from '[0-9]+$')::bigint) + 1
                from pg_inherits as link
                inner join pg_class as relation on relation.oid = link.inhrelid
                where link.inhparent = 'raw.transactions_stream'::regclass
            ),
            (select max(last_ingest_id) / size from raw.scorer_lease),
            0
        )
    into next_number;
    if up_to >= (next_number + 10) * size then
        raise exception 'at most 10 partitions at a time: the next one is for % on', next_number * size;
    end if;
    while up_to >= next_number * size loop
        foreach parent in array array['transactions_stream', 'transaction_decisions'] loop
            partition := format('%s_%s', parent, next_number);
            execute format(
                'create table raw.%I (like raw.%I including all) '
                'with (toast_tuple_target = 4080, autovacuum_vacuum_insert_threshold = -1)',
                partition, parent
            );
            if parent = 'transactions_stream' then
                execute format('alter table raw.%I add unique (topic, kafka_partition, kafka_offset)', partition);
            end if;
            execute format(
                'alter table raw.%I attach partition raw.%I for values from (%s) to (%s)',
                parent, partition, next_number * size, (next_number + 1) * size
            );
        end loop;
        next_number := next_number + 1;
    end loop;
    return next_number * size;
end $$;

create function raw.settle_partitions() returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    size constant bigint := 1000000;
    filling constant bigint := (select max(last_ingest_id) / size from raw.scorer_lease);
    partition regclass;
    settled bigint := 0;
begin
    for partition in
        select relation.oid::regclass
        from pg_inherits as link
        inner join pg_class as relation on relation.oid = link.inhrelid
        where link.inhparent in ('raw.transactions_stream'::regclass, 'raw.transaction_decisions'::regclass)
            and 'autovacuum_vacuum_insert_threshold=-1' = any (relation.reloptions)
            and substring(relation.relname from '[0-9]+$')::bigint < filling
    loop
        execute format('alter table %s reset (autovacuum_vacuum_insert_threshold)', partition);
        settled := settled + 1;
    end loop;
    return settled;
end $$;
comment on function raw.settle_partitions() is 'Lets Postgres vacuum the partitions that are full; returns how many those are since it was last asked.';

do $$
begin
    revoke all on function raw.settle_partitions() from public;
    execute format('grant execute on function raw.settle_partitions() to %I', current_setting('fraud.consumer'));
end $$;
