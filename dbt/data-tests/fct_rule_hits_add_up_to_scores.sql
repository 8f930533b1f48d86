-- The contributions of the rules that counted sum to the order's score.
{%- set tested = newest_rows(ref('fct_decisions')) %}
with decisions as (
    select * from {{ ref('fct_decisions') }}
    where {{ tested }} and rule_count > 0
),

hits as (
    select
        ingest_id,
        count(*) as hit_count,
        sum(contribution) as score
    from {{ ref('fct_rule_hits') }}
    where {{ tested }} and mode = 'active'
    group by ingest_id
),

reach as (
    select coalesce(max(ingest_id), 0) as ingest_id
    from {{ ref('fct_rule_hits') }}
),

final as (
    select
        decisions.ingest_id,
        decisions.score,
        hits.score as hits_score,
        decisions.rule_count,
        hits.hit_count
    from decisions
    left join hits on decisions.ingest_id = hits.ingest_id
    where
        decisions.ingest_id <= (select reach.ingest_id from reach)
        and (
            decisions.rule_count is distinct from hits.hit_count
            or abs(decisions.score - hits.score) > 0.000001
        )
)

select * from final
