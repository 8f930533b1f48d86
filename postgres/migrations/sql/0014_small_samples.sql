-- A partition that fills up is analyzed whenever it has grown by a tenth, which beside a stream is every
-- minute. What that costs is the sample: 300 rows for each bin of the widest histogram, 30,000 unless
-- told, and each in a page of its own. Orders and decisions are found by ids and times, of which a tenth
-- as many bins tell a planner enough.
create function raw.sample_less(relation regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute (
        select
            format('alter table %s ', relation)
            || string_agg(format('alter column %I set statistics 10', attname), ', ')
        from pg_attribute
        where attrelid = relation and attnum > 0 and not attisdropped
    );
end $$;
comment on function raw.sample_less(regclass) is 'Has a table analyzed by 3,000 of its rows.';
revoke all on function raw.sample_less(regclass) from public;

do $$
declare
    partition regclass;
begin
    for partition in
        select inhrelid::regclass
        from pg_inherits
        where inhparent in ('raw.transactions_stream'::regclass, 'raw.transaction_decisions'::regclass)
    loop
        perform raw.sample_less(partition);
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
            perform raw.sample_less(format('raw.%I', partition)::regclass);
        end loop;
        next_number := next_number + 1;
    end loop;
    return next_number * size;
end $$;
