-- Decisions name the rules that fired. Whether a rule earns its keep is asked of the others, too.
create table raw.rule_set_rules (
    rule_set_version text not null,
    rule_id text not null,
    mode text not null check (mode in ('active', 'shadow')),
    noted_at timestamptz not null default clock_timestamp(),
    primary key (rule_set_version, rule_id)
);
comment on table raw.rule_set_rules is 'One row per rule set and rule that it looks at, noted by the consumer before it decides the first order by them.';
comment on column raw.rule_set_rules.mode is 'active: its hits count; shadow: they are only recorded.';

do $$
declare
    consumer text := current_setting('fraud.consumer');
    dbt text := current_setting('fraud.dbt');
begin
    execute format('grant select, insert on raw.rule_set_rules to %I', consumer);
    execute format('grant select on raw.rule_set_rules to %I', dbt);
end $$;
