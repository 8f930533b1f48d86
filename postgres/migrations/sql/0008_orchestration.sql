-- What the jobs beside the pipeline write: reference data of the marketplace, replays apart from the
-- live decisions; and what retention may do without owning a table.
create schema reference;
comment on schema reference is 'Customers, shops and products as the marketplace''s own systems know them, loaded by interval.';

create table reference.customers (
    customer_id text primary key,
    name text not null,
    email text not null,
    phone text,
    country text not null,
    is_guest boolean not null,
    account_created_at timestamptz not null,
    changed_at timestamptz not null
);
comment on table reference.customers is 'One row per customer, in the newest version that was loaded. Personal data: not for analysts.';
comment on column reference.customers.changed_at is 'When this version came about; an older version never replaces a newer one.';

create table reference.shops (
    merchant_id text primary key,
    owner_id text not null,
    category text not null,
    country text not null,
    opened_at timestamptz not null,
    changed_at timestamptz not null
);
comment on table reference.shops is 'One row per shop, in the newest version that was loaded.';

create table reference.products (
    product_id text primary key,
    category text not null,
    list_price numeric(12, 2) not null check (list_price > 0),
    currency text not null,
    changed_at timestamptz not null
);
comment on table reference.products is 'One row per product, in the newest version that was loaded.';

create schema replay;
comment on schema replay is 'Decisions that rule sets would have made of orders that have landed. Nothing here counts.';

create table replay.runs (
    replay_id bigint generated always as identity primary key,
    source text not null,
    asked_for text not null,
    first_ingest_id bigint,
    last_ingest_id bigint,
    rule_set_version text not null,
    lists_version text not null,
    orders bigint not null check (orders >= 0),
    started_at timestamptz not null,
    finished_at timestamptz not null
);
comment on table replay.runs is 'One row per replay that scored orders, written together with its decisions.';
comment on column replay.runs.asked_for is 'The range, as it was asked for.';

create table replay.decisions (
    replay_id bigint not null references replay.runs on delete cascade,
    transaction_id text not null,
    outcome text not null check (outcome in ('approve', 'review', 'decline')),
    score double precision not null check (score >= 0 and score <= 1),
    recommended_action text not null,
    factors jsonb not null,
    reasons jsonb not null,
    features jsonb not null,
    not_evaluable jsonb not null,
    shadow jsonb not null,
    snoozed jsonb not null,
    lists jsonb not null,
    primary key (replay_id, transaction_id)
);
comment on table replay.decisions is 'One row per order and replay; columns as in raw.transaction_decisions.';

-- Retention drops whole partitions, and only what is safe to be without: older than asked for, built
-- into the marts, and sent. Its caller owns nothing in raw.
create function raw.drop_old_partitions(older_than timestamptz, built_up_to bigint)
returns table (partition_name text, dropped_rows bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    number bigint;
    last_of_it bigint;
    newest timestamptz;
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
            'select max(ingest_id), max(received_at), count(*) from raw.%I',
            'transactions_stream_' || number
        ) into last_of_it, newest, dropped_rows;
        -- The newest orders are in the partition where this ends, which is never dropped.
        exit when last_of_it is null or newest >= older_than or last_of_it > built_up_to
            or exists (
                select from raw.flagged_outbox where ingest_id <= last_of_it and ingest_id > sent
            )
            or not exists (select from raw.transactions_stream where ingest_id > last_of_it);
        execute format('drop table raw.%I', 'transactions_stream_' || number);
        execute format('drop table raw.%I', 'transaction_decisions_' || number);
        partition_name := 'transactions_stream_' || number;
        return next;
    end loop;
    delete from raw.flagged_outbox where ingest_id <= sent;
end $$;
comment on function raw.drop_old_partitions(timestamptz, bigint) is 'Drops, oldest first, the partitions of orders and their decisions whose newest order was received before the time, if all of it is at or below the ingest_id and its alerts are sent.';

do $$
declare
    dbt text := current_setting('fraud.dbt');
begin
    execute format('grant usage on schema reference, replay to %I', dbt);
    execute format('grant select, insert, update on all tables in schema reference to %I', dbt);
    execute format('grant select, insert, delete on all tables in schema replay to %I', dbt);
    execute format('grant usage on all sequences in schema replay to %I', dbt);
    revoke all on function raw.drop_old_partitions(timestamptz, bigint) from public;
    execute format('grant execute on function raw.drop_old_partitions(timestamptz, bigint) to %I', dbt);
end $$;
