-- What was learned about orders after they were decided. It arrives on its own topic and is landed
-- with the same guarantees as orders: the offset moves in the transaction that lands the label.

create table raw.transaction_labels (
    ingest_id bigint not null,
    topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    transaction_id text not null,
    label text not null check (label in ('fraud', 'legitimate')),
    source text not null check (source in ('chargeback', 'manual_review', 'injected')),
    reason text,
    labelled_at timestamptz not null,
    received_at timestamptz not null,
    primary key (topic, kafka_partition, kafka_offset),
    constraint transaction_labels_ingest_id unique (ingest_id)
);
comment on table raw.transaction_labels is 'One row per label message. An order can have several: the simulation''s own truth, a review, a chargeback weeks later.';
comment on column raw.transaction_labels.ingest_id is 'Of the same sequence as that of transactions_stream, so that it says which orders had landed before the label was known; the labels of a batch come after its orders.';
comment on column raw.transaction_labels.source is 'injected is the simulation''s truth, for judging a detector and never for feeding one; only chargeback and manual_review are what a scorer may learn from.';
comment on column raw.transaction_labels.labelled_at is 'When it became known, in event time: nothing may use the label for an order before this.';
create index transaction_labels_transaction_id on raw.transaction_labels (transaction_id);

do $$
declare
    consumer text := current_setting('fraud.consumer');
    dbt text := current_setting('fraud.dbt');
begin
    execute format('grant select, insert on raw.transaction_labels to %I', consumer);
    execute format('grant select on raw.transaction_labels to %I', dbt);
end $$;
