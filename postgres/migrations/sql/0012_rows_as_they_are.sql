-- A row of more than two kilobytes was compressed, which took several times as long as writing it:
-- one decision in fourteen, those with several reasons. Two rows of this size fill a page.
do $$
declare
    partition regclass;
begin
    for partition in
        select inhrelid::regclass
        from pg_inherits
        where inhparent in ('raw.transactions_stream'::regclass, 'raw.transaction_decisions'::regclass)
    loop
        execute format('alter table %s set (toast_tuple_target = 4080)', partition);
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
                'create table raw.%I (like raw.%I including all) with (toast_tuple_target = 4080)',
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
