-- An order's corrections come to what fct_labels holds of it. A chargeback that
-- was taken back is one to the card networks still, and no longer one there.
{%- set tested = newest_rows(ref('fct_order_journal'), 'label_ingest_id') %}
with labelled as (
    select distinct ingest_id
    from {{ ref('fct_order_journal') }}
    where label_ingest_id > 0 and {{ tested }}
),

entered as (
    select
        journal.transaction_id,
        max(journal.label_ingest_id) as last_ingest_id,
        sum(journal.confirmed_fraud_change) as confirmed_fraud,
        sum(journal.confirmed_legitimate_change) as confirmed_legitimate,
        sum(journal.simulated_fraud_change) as simulated_fraud,
        sum(journal.chargeback_change) as chargebacks
    from {{ ref('fct_order_journal') }} as journal
    inner join labelled on journal.ingest_id = labelled.ingest_id
    group by journal.transaction_id
),

final as (
    select entered.*
    from entered
    inner join {{ ref('fct_labels') }} as labels
        on
            entered.transaction_id = labels.transaction_id
            and entered.last_ingest_id = labels.last_ingest_id
    where
        entered.confirmed_fraud
        != coalesce(labels.is_confirmed_fraud, false)::integer
        or entered.confirmed_legitimate
        != coalesce(not labels.is_confirmed_fraud, false)::integer
        or entered.simulated_fraud
        != coalesce(labels.is_simulated_fraud, false)::integer
        or entered.chargebacks not between labels.is_chargeback::integer and 1
)

select * from final
