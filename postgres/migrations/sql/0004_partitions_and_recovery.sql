-- Orders and decisions are kept in ranges of ingest_id, so that retention drops a range at once and
-- nothing that is read by ingest_id grows with history. Uniqueness of an order's id must outlive
-- its payload, and Postgres has no index over partitions: it moves to a table of its own.
-- Views that dbt built on the old tables go with them; the next build makes them again.
alter table raw.transactions_stream rename to transactions_stream_before;
alter table raw.transaction_decisions rename to transaction_decisions_before;

create table raw.transaction_keys (
    transaction_id text not null,
    ingest_id bigint not null
);

create table raw.transactions_stream (
    ingest_id bigint not null,
    topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    transaction_id text not null,
    customer_id text not null,
    event_time timestamptz not null,
    received_at timestamptz not null,
    payload text not null
) partition by range (ingest_id);

-- What is written on each order and only sometimes looked into is json: jsonb costs the server
-- twice the time of the whole row. What is mostly empty stays jsonb.
create table raw.transaction_decisions (
    ingest_id bigint not null,
    transaction_id text not null,
    rule_set_version text not null,
    lists_version text not null,
    outcome text not null check (outcome in ('approve', 'review', 'decline')),
    score double precision not null check (score >= 0 and score <= 1),
    recommended_action text not null,
    factors json not null,
    reasons jsonb not null,
    features json not null,
    not_evaluable json not null,
    shadow jsonb not null,
    snoozed jsonb not null,
    lists jsonb not null,
    decided_at timestamptz not null
) partition by range (ingest_id);

create table raw.scorer_snapshots (
    snapshot_id bigint generated always as identity primary key,
    ingest_id bigint not null,
    epoch bigint not null,
    format integer not null,
    horizon interval not null,
    taken_at timestamptz not null,
    chunks integer,
    size_bytes bigint,
    sha256 text
);
create table raw.scorer_snapshot_chunks (
    snapshot_id bigint not null references raw.scorer_snapshots on delete cascade,
    number integer not null,
    content bytea not null,
    primary key (snapshot_id, number)
);
-- The server would try to compress each chunk, at a multiple of the cost of writing it.
alter table raw.scorer_snapshot_chunks alter column content set storage external;

create table raw.message_attempts (
    topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    attempts integer not null check (attempts >= 0),
    careful_until bigint not null,
    alone_until bigint not null,
    updated_at timestamptz not null,
    primary key (topic, kafka_partition)
);

create table raw.stream_breaker (
    breaker_name text primary key,
    consecutive bigint not null check (consecutive >= 0),
    tripped_at timestamptz,
    reset_at timestamptz,
    reset_by text
);

alter table raw.scorer_lease add column starts_in_vain integer not null default 0;

comment on table raw.transactions_stream is 'One row per landed order, as sent. ingest_id is handed out by the single writer in commit order, so reading ingest_id > (last seen) loses nothing. Partitions are ranges of ingest_id; each holds a coordinate at most once.';
comment on column raw.transactions_stream.received_at is 'The Kafka record timestamp: when the broker or the producer stamped it.';
comment on column raw.transactions_stream.payload is 'The message, byte for byte; text is a third of the cost of jsonb to land and dbt casts it.';
comment on table raw.transaction_keys is 'Every order that ever landed, by its id: what makes an order land once, and finds it. A row outlives its order''s payload: when retention has dropped that, a message with a known id counts as a duplicate, because there is no content left to compare it with.';
comment on table raw.transaction_decisions is 'The ledger: one row per landed order, never changed. It says what was decided at that moment, by which rules, and from which values.';
comment on column raw.transaction_decisions.reasons is 'Array, strongest first: {"rule", "factor", "weight", "sentence", "values", "contribution"}; the contributions sum to the score.';
comment on column raw.transaction_decisions.features is 'The value of every feature that the rules use, as it was at that moment; null means that an input was missing, and one that is left out was at rest (docs/features.md says at which value).';
comment on column raw.transaction_decisions.not_evaluable is 'Rules whose inputs the order lacks.';
comment on column raw.transaction_decisions.shadow is 'Rules on trial that fired; they count for nothing. The same shape as reasons.';
comment on column raw.transaction_decisions.snoozed is 'Rules that fired and were silenced for this entity. The same shape as reasons.';
comment on column raw.transaction_decisions.lists is 'Entries of the allow, watch and block lists that the order met.';
comment on table raw.scorer_snapshots is 'The scorer''s state at some moments, so that a start reads back only what landed since. Derived data: losing it costs a longer start and nothing else.';
comment on column raw.scorer_snapshots.ingest_id is 'The state holds every order and label up to this one, and none after it.';
comment on column raw.scorer_snapshots.horizon is 'How far back from the newest order the state reaches.';
comment on column raw.scorer_snapshots.sha256 is 'Of all chunks one after the other; null until the last one is written, and then the snapshot is usable.';
comment on table raw.message_attempts is 'Where reading goes carefully, because the consumer died there before anything landed.';
comment on column raw.message_attempts.attempts is 'How often the message at kafka_offset was about to be read without landing since.';
comment on column raw.message_attempts.careful_until is 'Up to here one Kafka batch at a time is read, with its offset noted here first.';
comment on column raw.message_attempts.alone_until is 'Up to here one message at a time.';
comment on table raw.stream_breaker is 'Whether landing has stopped because everything that arrives is bad.';
comment on column raw.stream_breaker.consecutive is 'Messages in a row, the newest ones, that became dead letters.';
comment on column raw.stream_breaker.tripped_at is 'Since when landing waits for an operator (`fraud consume --reset-breaker`); null while it goes on.';
comment on column raw.scorer_lease.starts_in_vain is 'Holders in a row that neither landed anything nor ended by themselves.';

-- A partition comes into being apart and is then attached: that waits for no reader and stalls no
-- writer, where CREATE TABLE ... PARTITION OF would wait for both and make others wait behind it.
create function raw.ensure_partitions(up_to bigint) returns bigint
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
            execute format('create table raw.%I (like raw.%I including all)', partition, parent);
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
comment on function raw.ensure_partitions(bigint) is 'Makes partitions until there is one for this ingest_id; returns the first ingest_id that has none. Waits at most two seconds for maintenance of the tables.';

alter table raw.transactions_stream add primary key (ingest_id);
alter table raw.transaction_decisions add primary key (ingest_id);
create index on raw.transactions_stream using brin (event_time);
do $$
declare
    last_id bigint := (select coalesce(max(ingest_id), 0) from raw.transactions_stream_before);
    made bigint := 0;
begin
    while made <= last_id loop
        made := raw.ensure_partitions(least(last_id, made + 9000000));
    end loop;
    perform raw.ensure_partitions(made);
end $$;

insert into raw.transactions_stream
select
    ingest_id, topic, kafka_partition, kafka_offset, transaction_id, customer_id, event_time,
    received_at, payload
from raw.transactions_stream_before
order by ingest_id;
insert into raw.transaction_decisions
select
    ingest_id, transaction_id, rule_set_version, lists_version, outcome, score,
    recommended_action, factors::json, reasons, features::json, not_evaluable::json, shadow,
    snoozed, lists, decided_at
from raw.transaction_decisions_before
order by ingest_id;
insert into raw.transaction_keys
select transaction_id, ingest_id from raw.transactions_stream_before
order by ingest_id;
alter table raw.transaction_keys add primary key (transaction_id);
drop table raw.transactions_stream_before, raw.transaction_decisions_before cascade;

do $$
declare
    consumer text := current_setting('fraud.consumer');
    dbt text := current_setting('fraud.dbt');
begin
    revoke all on function raw.ensure_partitions(bigint) from public;
    execute format('grant execute on function raw.ensure_partitions(bigint) to %I', consumer);
    -- The ledger can grow and be read by its writer, and never be changed.
    execute format('grant select, insert on raw.transactions_stream, raw.transaction_decisions, raw.transaction_keys to %I', consumer);
    execute format('grant select, insert, update, delete on raw.scorer_snapshots, raw.message_attempts to %I', consumer);
    execute format('grant select, insert, delete on raw.scorer_snapshot_chunks to %I', consumer);
    execute format('grant select, insert, update on raw.stream_breaker to %I', consumer);
    -- Chunks hold what state is made of, personal data among it; they are nobody else's.
    execute format('grant select on raw.transactions_stream, raw.transaction_decisions, raw.transaction_keys, raw.scorer_lease, raw.scorer_snapshots, raw.message_attempts, raw.stream_breaker to %I', dbt);
end $$;
