-- Who asks for an erasure need not be who may do it, nor be there when it can be done.
create table raw.erasure_requests (
    request_id bigint generated always as identity primary key,
    customer_id text not null check (customer_id <> ''),
    requested_by text not null check (requested_by <> ''),
    why text not null check (why <> ''),
    requested_at timestamptz not null default clock_timestamp(),
    done_at timestamptz,
    outcome text check (outcome in ('erased', 'unknown')),
    check ((done_at is null) = (outcome is null))
);
comment on table raw.erasure_requests is 'One row per customer who is to be erased, done by the DAG housekeeping. Once done, nothing in it says who the customer was to anybody without PSEUDONYM_KEY.';
comment on column raw.erasure_requests.customer_id is 'As it stands in the orders; once the request is done, what stands for it in raw.erasures.';
comment on column raw.erasure_requests.outcome is 'erased, or unknown: nothing was there of a customer of this id. Empty as long as the request waits.';
create index erasure_requests_waiting on raw.erasure_requests (request_id) where done_at is null;

do $$
declare
    dbt text := current_setting('fraud.dbt');
begin
    execute format('grant select on raw.erasure_requests to %I', dbt);
end $$;
