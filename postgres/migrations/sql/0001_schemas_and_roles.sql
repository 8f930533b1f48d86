-- Schemas, and what each role may do in them. Roles are made, and their passwords set, by
-- `fraud migrate` before this runs; the names arrive as settings of the session (fraud.consumer, ...).
-- The owner runs migrations and owns what they make; nobody else can create or drop in raw but dbt,
-- which builds its own raw models there.
create schema raw;
create schema staging;
create schema marts;

do $$
declare
    consumer text := current_setting('fraud.consumer');
    dbt text := current_setting('fraud.dbt');
    analyst text := current_setting('fraud.analyst');
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to %I, %I, %I', current_database(), consumer, dbt, analyst);
    -- dbt holds an increment in a temporary table before it goes into its model.
    execute format('grant temporary on database %I to %I', current_database(), dbt);
    execute format('grant usage on schema raw to %I', consumer);
    execute format('grant usage, create on schema raw, staging, marts to %I', dbt);
    -- Analysts see marts and nothing else; dbt grants select on each mart as it builds it.
    execute format('grant usage on schema marts to %I', analyst);
    execute format('alter role %I in database %I set statement_timeout = %L', analyst, current_database(), '5min');
end $$;
