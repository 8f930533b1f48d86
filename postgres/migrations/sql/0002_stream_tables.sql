-- What the consumer lands. Every message of the topic ends in exactly one of transactions_stream,
-- duplicate_transactions and dead_letters, in the same transaction that moves stream_offsets.

create table raw.transactions_stream (
    ingest_id bigint not null,
    topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    transaction_id text not null,
    customer_id text not null,
    event_time timestamptz not null,
    received_at timestamptz not null,
    payload text not null,
    primary key (topic, kafka_partition, kafka_offset),
    constraint transactions_stream_ingest_id unique (ingest_id),
    constraint transactions_stream_transaction_id unique (transaction_id)
);
comment on table raw.transactions_stream is 'One row per landed order, as sent. ingest_id is handed out by the single writer in commit order, so reading ingest_id > (last seen) loses nothing.';
comment on column raw.transactions_stream.received_at is 'The Kafka record timestamp: when the broker or the producer stamped it.';
comment on column raw.transactions_stream.payload is 'The message, byte for byte; text is a third of the cost of jsonb to land and dbt casts it.';
create index transactions_stream_event_time on raw.transactions_stream using brin (event_time);

create table raw.transaction_decisions (
    ingest_id bigint primary key,
    transaction_id text not null unique,
    rule_set_version text not null,
    lists_version text not null,
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
    decided_at timestamptz not null
);
comment on table raw.transaction_decisions is 'The ledger: one row per landed order, never changed. It says what was decided at that moment, by which rules, and from which values.';
comment on column raw.transaction_decisions.reasons is 'Array, strongest first: {"rule", "factor", "weight", "sentence", "values", "contribution"}; the contributions sum to the score.';
comment on column raw.transaction_decisions.features is 'The value of every feature that the rules use, as it was at that moment; null means that an input was missing, and one that is left out was at rest (docs/features.md says at which value).';
comment on column raw.transaction_decisions.not_evaluable is 'Rules whose inputs the order lacks.';
comment on column raw.transaction_decisions.shadow is 'Rules on trial that fired; they count for nothing. The same shape as reasons.';
comment on column raw.transaction_decisions.snoozed is 'Rules that fired and were silenced for this entity. The same shape as reasons.';
comment on column raw.transaction_decisions.lists is 'Entries of the allow, watch and block lists that the order met.';

create table raw.duplicate_transactions (
    topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    transaction_id text not null,
    received_at timestamptz not null,
    landed_at timestamptz not null,
    primary key (topic, kafka_partition, kafka_offset)
);
comment on table raw.duplicate_transactions is 'Messages whose order had landed before with the same content: sent twice, kept once.';

create table raw.dead_letters (
    topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    reason text not null,
    detail text not null,
    key bytea,
    value bytea,
    value_length bigint,
    value_sha256 text,
    headers jsonb not null,
    received_at timestamptz,
    landed_at timestamptz not null,
    code_version text not null,
    primary key (topic, kafka_partition, kafka_offset)
);
comment on table raw.dead_letters is 'Messages that cannot be an order, with the reason and their bytes, so that they can be mended and sent again.';

create table raw.stream_offsets (
    topic text not null,
    kafka_partition integer not null,
    topic_id text not null,
    next_offset bigint not null check (next_offset >= 0),
    updated_at timestamptz not null,
    primary key (topic, kafka_partition)
);
comment on table raw.stream_offsets is 'Where the consumer goes on: the truth, of which the offsets committed to Kafka are only a copy for lag monitors.';

create table raw.scorer_lease (
    lease_name text primary key,
    epoch bigint not null,
    holder text not null,
    expires_at timestamptz not null,
    last_ingest_id bigint not null,
    newest_event_time timestamptz
);
comment on table raw.scorer_lease is 'Who scores now. Every landing transaction locks this row and compares its epoch, so that a scorer that was frozen or cut off can write nothing after another took over.';
comment on column raw.scorer_lease.holder is 'The holder''s application_name, so that a stand-by can see whether its session lives, and end it.';
comment on column raw.scorer_lease.newest_event_time is 'The newest event_time landed: from where a new holder reckons how far back its state goes.';

do $$
declare
    consumer text := current_setting('fraud.consumer');
    dbt text := current_setting('fraud.dbt');
begin
    -- The ledger can grow and be read by its writer, and never be changed.
    execute format('grant select, insert on raw.transactions_stream, raw.transaction_decisions, raw.duplicate_transactions, raw.dead_letters to %I', consumer);
    execute format('grant select, insert, update on raw.stream_offsets, raw.scorer_lease to %I', consumer);
    execute format('grant select on raw.transactions_stream, raw.transaction_decisions, raw.duplicate_transactions, raw.dead_letters, raw.stream_offsets to %I', dbt);
end $$;
