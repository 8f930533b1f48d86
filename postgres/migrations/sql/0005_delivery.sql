-- What leaves the ledger again: alerts about flagged orders and copies of dead letters go to topics
-- of their own, and people mend, send again or discard dead letters.

create table raw.flagged_outbox (
    ingest_id bigint primary key
);
comment on table raw.flagged_outbox is 'One row per order whose outcome is not approve, written in the transaction that lands the order: what is to be sent to the topic of alerts. Rows at or below its publication position have been sent.';

create table raw.publication_positions (
    channel text primary key,
    last_id bigint not null check (last_id >= 0),
    updated_at timestamptz not null default clock_timestamp()
);
comment on table raw.publication_positions is 'How far each channel has been sent and acknowledged by the broker. Moved after the acknowledgement, so after a crash some messages are sent again, with the event_id that they had.';
comment on column raw.publication_positions.last_id is 'Of transactions_flagged an ingest_id of raw.flagged_outbox, of transactions_dead_letter a dead_letter_id.';

alter table raw.scorer_lease add column held_since timestamptz;
comment on column raw.scorer_lease.held_since is 'When the holder, or the last one, took the lease.';

alter table raw.dead_letters
add column dead_letter_id bigint generated always as identity,
add column attempts integer not null default 1 check (attempts >= 0),
add constraint dead_letters_dead_letter_id unique (dead_letter_id);
comment on column raw.dead_letters.dead_letter_id is 'In commit order, because the one writer holds the lease''s lock while it takes ids, so reading dead_letter_id > (last seen) loses nothing.';
comment on column raw.dead_letters.attempts is 'How often processing was begun: more than once for a message that ended the process, which is then set aside without being decoded.';

create table raw.dead_letter_actions (
    action_id bigint generated always as identity primary key,
    dead_letter_id bigint not null,
    action text not null check (action in ('requeue', 'edit_and_requeue', 'discard')),
    acted_by text not null check (acted_by <> ''),
    acted_at timestamptz not null default clock_timestamp(),
    why text not null check (why <> ''),
    replay_of text not null,
    value_sha256 text check ((value_sha256 is null) = (action = 'discard')),
    sent_topic text,
    sent_partition integer,
    sent_offset bigint,
    sent_at timestamptz,
    constraint dead_letter_actions_sent_whole check (
        num_nonnulls(sent_topic, sent_partition, sent_offset, sent_at) in (0, 4)
    ),
    constraint dead_letter_actions_discard_sends_nothing check (
        action <> 'discard' or sent_at is null
    )
);
comment on table raw.dead_letter_actions is 'Who did what about a dead letter, when and why. Noted before the message is sent; a row without the coordinates of what was sent means that it was interrupted in between, and that the message may or may not be in the topic. It refers to no table, so that it outlives the dead letter.';
comment on column raw.dead_letter_actions.replay_of is 'topic/partition/offset of the dead letter, as in the header replay_of of the message sent.';
comment on column raw.dead_letter_actions.value_sha256 is 'Of the bytes sent.';
create index dead_letter_actions_dead_letter_id on raw.dead_letter_actions (dead_letter_id);

do $$
declare
    consumer text := current_setting('fraud.consumer');
    dbt text := current_setting('fraud.dbt');
begin
    execute format('grant select, insert on raw.flagged_outbox, raw.dead_letter_actions to %I', consumer);
    -- A note about an action is filled in once it was sent, and else never changed.
    execute format('grant update (sent_topic, sent_partition, sent_offset, sent_at) on raw.dead_letter_actions to %I', consumer);
    execute format('grant select, insert, update on raw.publication_positions to %I', consumer);
    execute format('grant select on raw.flagged_outbox, raw.publication_positions, raw.dead_letter_actions to %I', dbt);
end $$;
