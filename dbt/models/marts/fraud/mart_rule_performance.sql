{{ config(materialized='view') }}

with noted as (
    select * from {{ ref('stg_rules') }}
),

fired as (
    select * from {{ ref('vw_rule_totals') }}
    where mode != 'all'
),

rules as (
    select
        coalesce(fired.rule_set_version, noted.rule_set_version)
            as rule_set_version,
        coalesce(fired.rule_id, noted.rule_id) as rule_id,
        coalesce(fired.mode, noted.mode) as mode,
        {%- for count in [
            'hit_count', 'flagged_count', 'sole_hit_count',
            'confirmed_fraud_count', 'confirmed_legitimate_count',
            'simulated_fraud_count', 'mature_hit_count',
        ] %}
            coalesce(fired.{{ count }}, 0) as {{ count }},
        {%- endfor %}
        {%- for amount in [
            'fraud_amount_reporting', 'false_positive_amount_reporting',
        ] %}
            coalesce(fired.{{ amount }}, 0)::numeric(38, 4) as {{ amount }},
        {%- endfor %}
        fired.immature_since
    from noted
    full join fired
        on
            noted.rule_set_version = fired.rule_set_version
            and noted.rule_id = fired.rule_id
            and noted.mode = fired.mode
),

versions as (
    select * from {{ ref('vw_rule_totals') }}
    where mode = 'all'
),

pairs as (
    select * from {{ ref('mart_rule_overlaps') }}
),

-- Orders may land between the builds of the two marts: a share of hits takes
-- both of its counts from one.
partners as (
    select distinct on (pairs.rule_set_version, pairs.rule_id)
        pairs.rule_set_version,
        pairs.rule_id,
        pairs.other_rule_id,
        {{ share('pairs.hit_count', 'own.hit_count') }} as overlap_share
    from pairs
    inner join pairs as own
        on
            pairs.rule_set_version = own.rule_set_version
            and pairs.rule_id = own.rule_id
            and pairs.rule_id = own.other_rule_id
    where
        pairs.rule_id != pairs.other_rule_id
        and pairs.other_rule_id != '(all orders)'
    order by
        pairs.rule_set_version asc,
        pairs.rule_id asc,
        pairs.hit_count desc,
        pairs.other_rule_id asc
),

final as (
    select
        rules.rule_set_version,
        rules.rule_id,
        rules.mode,
        versions.hit_count as order_count,
        rules.hit_count,
        {{ share('rules.hit_count', 'versions.hit_count') }} as hit_share,
        rules.flagged_count,
        rules.sole_hit_count,
        rules.confirmed_fraud_count,
        rules.confirmed_legitimate_count,
        {{
            share(
                'rules.confirmed_fraud_count',
                'rules.confirmed_fraud_count + rules.confirmed_legitimate_count'
            )
        }} as confirmed_precision,
        {{
            share(
                'rules.confirmed_fraud_count',
                'versions.confirmed_fraud_count'
            )
        }} as confirmed_recall,
        rules.simulated_fraud_count,
        {{
            share(
                'rules.simulated_fraud_count',
                'case when versions.simulated_fraud_count > 0 '
                ~ 'then rules.hit_count end'
            )
        }} as simulated_precision,
        {{
            share(
                'rules.simulated_fraud_count',
                'versions.simulated_fraud_count'
            )
        }} as simulated_recall,
        rules.fraud_amount_reporting,
        rules.false_positive_amount_reporting,
        partners.other_rule_id as overlapping_rule_id,
        partners.overlap_share,
        rules.mature_hit_count,
        rules.immature_since
    from rules
    inner join versions on rules.rule_set_version = versions.rule_set_version
    left join partners
        on
            rules.rule_set_version = partners.rule_set_version
            and rules.rule_id = partners.rule_id
            and rules.mode = 'active'
)

select * from final
