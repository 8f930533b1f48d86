"""The checks that a query can make: each selects what is wrong, and passes when that is nothing.

A query takes its limits as parameters and returns the offending rows, the worst or newest first.
"""

import msgspec

SHOWN_ROWS = 20


class Check(msgspec.Struct, frozen=True):
    """`holds` is the sentence that is false when `query` finds rows; `advice` is what to do then.

    A check of tables that are not there yet has nothing to do.
    """

    name: str
    holds: str
    query: str
    advice: str


SOURCE_FRESHNESS = Check(
    "source_freshness",
    "orders have landed within FRESHNESS_MINUTES",
    """
    with newest as (
        select max(received_at) as newest_at
        from raw.transactions_stream
        where ingest_id > (select max(ingest_id) - 1000000 from raw.transactions_stream)
    )
    select newest_at, date_trunc('second', clock_timestamp() - newest_at) as age
    from newest
    where
        newest_at is null
        or newest_at < clock_timestamp() - make_interval(mins => %(freshness_minutes)s)
    """,
    "Does the producer send? Does the consumer land? See `fraud status` and `fraud logs consumer`.",
)

DECISIONS_COMPLETE = Check(
    "decisions_complete",
    "every landed order has its one decision, and no decision is without its order",
    """
    select ingest_id, orders.transaction_id as landed, ledger.transaction_id as decided
    from raw.transactions_stream as orders
    full join raw.transaction_decisions as ledger using (ingest_id)
    where orders.transaction_id is distinct from ledger.transaction_id
    order by ingest_id desc
    """,
    "Both are written in one transaction, so a table of schema raw was changed by something else.",
)

FACTS_COMPLETE = Check(
    "facts_complete",
    "every landed order that the facts have passed is in them once, with the decision made",
    """
    select
        orders.ingest_id, orders.transaction_id, ledger.outcome as decided, facts.outcome as in_fact
    from raw.transactions_stream as orders
    inner join raw.transaction_decisions as ledger using (ingest_id)
    left join marts.fct_transactions as facts using (ingest_id)
    where
        orders.ingest_id <= (select max(ingest_id) from marts.fct_transactions)
        and (facts.outcome, facts.score) is distinct from (ledger.outcome, ledger.score)
    order by orders.ingest_id desc
    """,
    "Trigger kafka_streaming_pipeline with *Full refresh*; if that does not mend it, a model is "
    "wrong: see its tests.",
)

MARTS_COMPLETE = Check(
    "marts_complete",
    "decisions and customers' totals in the marts say the same as the facts that they have passed",
    """
    with reach as (
        select
            least(
                (select max(ingest_id) from marts.fct_transactions),
                (select max(ingest_id) from marts.fct_decisions)
            ) as of_decisions,
            (select max(last_ingest_id) from marts.mart_customer_currencies) as of_totals
    ),
    facts as (
        select
            customer_id,
            count(*) filter (where ingest_id <= of_decisions) as orders,
            count(*) filter (where ingest_id <= of_decisions and is_flagged) as flagged,
            count(*) filter (where ingest_id <= of_totals) as orders_then,
            count(*) filter (where ingest_id <= of_totals and is_flagged) as flagged_then
        from marts.fct_transactions cross join reach group by customer_id
    ),
    decisions as (
        select customer_id, count(*) as orders, count(*) filter (where is_flagged) as flagged
        from marts.fct_decisions cross join reach
        where ingest_id <= of_decisions group by customer_id
    ),
    totals as (
        select customer_id, sum(order_count) as orders, sum(flagged_count) as flagged
        from marts.mart_customer_currencies group by customer_id
    ),
    counts as (
        select
            customer_id,
            coalesce(facts.orders, 0) as in_facts, coalesce(decisions.orders, 0) as in_decisions,
            coalesce(facts.flagged, 0) as flagged_in_facts,
            coalesce(decisions.flagged, 0) as flagged_in_decisions,
            coalesce(facts.orders_then, 0) as in_facts_that_totals_passed,
            coalesce(totals.orders, 0) as in_totals,
            coalesce(facts.flagged_then, 0) as flagged_in_facts_that_totals_passed,
            coalesce(totals.flagged, 0) as flagged_in_totals
        from facts
        full join decisions using (customer_id)
        full join totals using (customer_id)
    )
    select * from counts
    where
        (in_facts, flagged_in_facts) is distinct from (in_decisions, flagged_in_decisions)
        or (in_facts_that_totals_passed, flagged_in_facts_that_totals_passed)
            is distinct from (in_totals, flagged_in_totals)
    order by customer_id
    """,
    "A model was built and those behind it were not: trigger kafka_streaming_pipeline, and look "
    "for red boxes.",
)

DEAD_LETTER_TREND = Check(
    "dead_letter_trend",
    "no day of the last two weeks had more than DEAD_LETTER_PERCENT dead letters that nobody has "
    "dealt with",
    """
    with dead as (
        select (landed_at at time zone 'UTC')::date as day, reason, count(*) as letters
        from raw.dead_letters
        where
            landed_at > clock_timestamp() - interval '14 days'
            and not exists (
                select from raw.dead_letter_actions as actions
                where actions.dead_letter_id = dead_letters.dead_letter_id
            )
        group by 1, 2
    ),
    landed as (
        select (decided_at at time zone 'UTC')::date as day, count(*) as orders
        from raw.transaction_decisions
        where decided_at > clock_timestamp() - interval '14 days'
        group by 1
    ),
    days as (
        select
            dead.day, sum(dead.letters) as letters, coalesce(max(landed.orders), 0) as orders,
            jsonb_object_agg(dead.reason, dead.letters) as by_reason
        from dead left join landed using (day)
        group by dead.day
    )
    select
        day, letters, orders, round(100 * letters / (letters + orders), 2) as percent, by_reason
    from days
    where 100 * letters > %(dead_letter_percent)s * (letters + orders)
    order by day desc
    """,
    "`fraud dead-letters` shows them, sends mended ones again and discards others; tell the "
    "producer's owner.",
)

LABELS_EXPECTED = Check(
    "labels_expected",
    "of every day LABELS_EXPECTED_DAYS to two weeks more ago some order has a label",
    """
    with orders as (
        select
            (event_time at time zone 'UTC')::date as day, count(*) as orders,
            count(distinct labels.transaction_id) as labelled
        from raw.transactions_stream
        left join raw.transaction_labels as labels
            on
                transactions_stream.transaction_id = labels.transaction_id
                and labels.source <> 'injected'
        where
            event_time < clock_timestamp() - make_interval(days => %(labels_expected_days)s)
            and event_time
                >= clock_timestamp() - make_interval(days => %(labels_expected_days)s + 14)
        group by 1
    )
    select day, orders, labelled from orders where labelled = 0 and orders >= 1000 order by day
    """,
    "Labels no longer arrive: does the source of chargebacks and reviews still send to the topic "
    "of labels?",
)

CHECKS = {
    check.name: check
    for check in (
        SOURCE_FRESHNESS,
        DECISIONS_COMPLETE,
        FACTS_COMPLETE,
        MARTS_COMPLETE,
        DEAD_LETTER_TREND,
        LABELS_EXPECTED,
    )
}
"""By name, in the order in which they are shown."""

STREAM_COMPLETE = "stream_complete"
WHOLE_HISTORY = "whole_history"
FEATURE_PARITY = "feature_parity"
REPLAY_PARITY = "replay_parity"
NAMES = (STREAM_COMPLETE, *CHECKS, WHOLE_HISTORY, FEATURE_PARITY, REPLAY_PARITY)
"""Every check, also those that take more than a query."""
