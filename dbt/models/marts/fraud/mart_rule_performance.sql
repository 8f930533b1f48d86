{{ config(materialized='view') }}

with rules as (
    select * from {{ ref('vw_rule_totals') }}
    where mode != 'all'
),

versions as (
    select * from {{ ref('vw_rule_totals') }}
    where mode = 'all'
),

partners as (
    select distinct on (rule_set_version, rule_id)
        rule_set_version,
        rule_id,
        other_rule_id,
        hit_count
    from {{ ref('mart_rule_overlaps') }}
    where rule_id != other_rule_id and other_rule_id != '(all orders)'
    order by
        rule_set_version asc, rule_id asc, hit_count desc, other_rule_id asc
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
        {{ share('partners.hit_count', 'rules.hit_count') }} as overlap_share,
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
