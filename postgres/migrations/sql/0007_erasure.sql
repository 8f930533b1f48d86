-- Erasing a customer rewrites the ledger, which no service may do: it runs as the owner.
create table raw.erasures (
    erasure_id bigint generated always as identity primary key,
    erased_id text not null,
    erased_by text not null check (erased_by <> ''),
    why text not null check (why <> ''),
    erased_at timestamptz not null default clock_timestamp(),
    counts jsonb not null
);
comment on table raw.erasures is 'One row per erasure: who asked for it, when and why, and how many rows of each table it touched. Nothing in it says who the customer was to anybody without PSEUDONYM_KEY.';
comment on column raw.erasures.erased_id is 'Stands for the customer wherever his id stood: erased- and the keyed hash of the id. Orders from before the erasure that come again are recognised by it.';
create index erasures_erased_id on raw.erasures (erased_id);

-- Rows of dead letters stay, so that every message of the topic is accounted for; what they hold of
-- a message goes with the orders of its time.
create function raw.empty_old_dead_letters(older_than timestamptz) returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    with emptied as (
        update raw.dead_letters
        set key = null, value = null, value_sha256 = null, headers = '[]'
        where landed_at < older_than and (key is not null or value is not null or headers <> '[]')
        returning 1
    )
    select count(*) from emptied
$$;
comment on function raw.empty_old_dead_letters(timestamptz) is 'Takes key, value and headers out of dead letters that landed before the time; returns of how many.';

do $$
declare
    consumer text := current_setting('fraud.consumer');
    dbt text := current_setting('fraud.dbt');
begin
    execute format('grant select on raw.erasures to %I, %I', consumer, dbt);
    revoke all on function raw.empty_old_dead_letters(timestamptz) from public;
    execute format('grant execute on function raw.empty_old_dead_letters(timestamptz) to %I', dbt);
end $$;
