-- Postgres parses a value of type json as it comes in, only to see whether it is JSON. Here it always
-- is, because nobody but our own encoder writes it. As text it is taken as it comes, like a payload.
-- A column that a view reads keeps its type, so dbt's views go first. The next build makes them again;
-- until then nobody misses them, for only dbt reads them. A view of somebody else's on top of them is
-- not dropped with them: the migration fails and names it.
-- All decisions are written anew and take twice their room until the migration is done.
drop view if exists staging.stg_decisions, raw.raw_decisions;
alter table raw.transaction_decisions
alter column factors type text using factors::text,
alter column features type text using features::text,
alter column not_evaluable type text using not_evaluable::text;
comment on column raw.transaction_decisions.factors is 'The score of each factor; null when it had nothing to judge by. An object of JSON, as text.';
comment on column raw.transaction_decisions.features is 'The value of every feature that the rules use, as it was at that moment; null means that an input was missing, and one that is left out was at rest (docs/features.md says at which value). An object of JSON, as text.';
comment on column raw.transaction_decisions.not_evaluable is 'Rules whose inputs the order lacks. An array of JSON, as text.';
