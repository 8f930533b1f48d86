-- An erasure takes away what decisions had counted: the customer's own, and those on orders that
-- shared a card, device, mailbox, network, address or voucher with his.
create table raw.unverifiable_decisions (
    ingest_id bigint primary key
);
comment on table raw.unverifiable_decisions is 'One row per decision whose features cannot be recomputed from raw orders any more, because an erasure has rewritten what it counted. Whose erasure is not said: it would tell who was linked with whom.';
comment on column raw.unverifiable_decisions.ingest_id is 'Of the order that was decided on.';

do $$
declare
    dbt text := current_setting('fraud.dbt');
begin
    execute format('grant select on raw.unverifiable_decisions to %I', dbt);
end $$;
