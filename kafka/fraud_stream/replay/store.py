"""Where rescored decisions go, and how they differ from the ledger's."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from fraud_stream.replay.rescoring import Rescored

PAGE_ROWS = 2_000


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay was asked to do, and by which rules it did it."""

    source: str
    asked_for: str
    first_ingest_id: int | None
    last_ingest_id: int | None
    rule_set_version: str
    lists_version: str
    started_at: datetime


class ChangedOutcome(msgspec.Struct, frozen=True):
    """Orders whose outcome differs, by what fired or decided in one of both decisions only.

    Where a list decided in one of them that is the list, else a rule. `known_fraud` and
    `known_honest` of the orders are so by what people said last, as in the marts.
    """

    rule: str
    fires: str
    outcome_then: str
    outcome_now: str
    orders: int
    known_fraud: int
    known_honest: int


def store(cursor: Cursor, run: Run, rescored: Iterable[Rescored]) -> tuple[int, int]:
    """Write a replay and its decisions, whole or not at all; returns its id and its orders."""
    cursor.execute("select nextval(pg_get_serial_sequence('replay.runs', 'replay_id'))")
    replay_id: int = cursor.fetchall()[0][0]
    orders = 0
    pages = iter(rescored)
    cursor.execute("create temporary table rescored (like replay.decisions) on commit drop")
    while page := list(islice(pages, PAGE_ROWS)):
        execute_values(
            cursor,
            "insert into rescored values %s",
            [_row(replay_id, found) for found in page],
            page_size=len(page),
        )
        orders += len(page)
    cursor.execute(_RUN, {**msgspec.structs.asdict(run), "replay_id": replay_id, "orders": orders})
    cursor.execute("insert into replay.decisions select * from rescored")
    return replay_id, orders


def differences(cursor: Cursor, replay_id: int) -> tuple[int, int]:
    """Orders whose decision is not the ledger's in any part but the versions and the time.

    And those of them that are decided differently, not only recorded with something else. Decisions
    that had counted what an erasure has rewritten since are in neither.
    """
    cursor.execute(_DIFFERENCES, {"replay_id": replay_id})
    ((in_any_part, decided),) = cursor.fetchall()
    return in_any_part, decided


def compared(replay_id: int) -> str:
    """The query of the orders that are looked at for differences, by ingest_id."""
    return _INGEST_IDS.replace("%(replay_id)s", str(replay_id))


def differing(replay_id: int) -> str:
    """The query of those that differ, newest first; what differs may be none of what it shows."""
    return _DIFFERING.replace("%(replay_id)s", str(replay_id))


def not_in_ledger(cursor: Cursor, replay_id: int) -> int:
    """Orders that the ledger does not know, or no longer."""
    cursor.execute(_UNKNOWN, {"replay_id": replay_id})
    return cursor.fetchall()[0][0]


def changed_outcomes(cursor: Cursor, replay_id: int) -> Sequence[ChangedOutcome]:
    """Which rules and lists changed outcomes, most orders first.

    `fires` is `now`, `then`, or `both` when only weights or thresholds differ.
    """
    cursor.execute(_CHANGED, {"replay_id": replay_id})
    return [ChangedOutcome(*row) for row in cursor.fetchall()]


def _row(replay_id: int, rescored: Rescored) -> tuple[Any, ...]:
    decision = rescored.decision
    return (
        replay_id,
        rescored.transaction_id,
        decision.outcome,
        decision.score,
        decision.recommended_action,
        *(
            msgspec.json.encode(value).decode()
            for value in (
                decision.factors,
                decision.reasons,
                decision.features,
                decision.not_evaluable,
                decision.shadow,
                decision.snoozed,
                decision.lists,
            )
        ),
    )


_RUN = """
insert into replay.runs overriding system value values (
    %(replay_id)s, %(source)s, %(asked_for)s, %(first_ingest_id)s, %(last_ingest_id)s,
    %(rule_set_version)s, %(lists_version)s, %(orders)s, %(started_at)s, clock_timestamp()
)
"""

# By transaction_keys, so that no plan reads through all partitions of the ledger.
_BOTH = """
from replay.decisions as replayed
inner join raw.transaction_keys as known using (transaction_id)
inner join raw.transaction_decisions as ledger on known.ingest_id = ledger.ingest_id
where replayed.replay_id = %(replay_id)s
"""

_UNKNOWN = f"""
select (select count(*) from replay.decisions where replay_id = %(replay_id)s) - count(*) {_BOTH}
"""  # noqa: S608 - a constant

# What an erasure has rewritten can no longer be decided as it was.
_COMPARED = f"""{_BOTH}
and ledger.ingest_id not in (select ingest_id from raw.unverifiable_decisions)
"""  # noqa: S608 - a constant

_INGEST_IDS = f"select ledger.ingest_id {_COMPARED}"

_DIFFERENT = f"""{_COMPARED} and (
    replayed.outcome, replayed.score, replayed.recommended_action, replayed.factors,
    replayed.reasons, replayed.features, replayed.not_evaluable, replayed.shadow,
    replayed.snoozed, replayed.lists
) is distinct from (
    ledger.outcome, ledger.score, ledger.recommended_action, ledger.factors::jsonb,
    ledger.reasons::jsonb, ledger.features::jsonb, ledger.not_evaluable::jsonb,
    ledger.shadow::jsonb, ledger.snoozed::jsonb, ledger.lists::jsonb
)
"""

_DIFFERENCES = f"""
select
    count(*),
    count(*) filter (
        where (
            replayed.outcome, replayed.score, replayed.recommended_action, replayed.factors,
            replayed.reasons, replayed.lists
        ) is distinct from (
            ledger.outcome, ledger.score, ledger.recommended_action, ledger.factors::jsonb,
            ledger.reasons::jsonb, ledger.lists::jsonb
        )
    )
{_DIFFERENT}
"""  # noqa: S608 - a constant

_DIFFERING = f"""
select
    replayed.transaction_id, ledger.ingest_id, ledger.outcome as decided,
    replayed.outcome as replayed_as, ledger.score, replayed.score as replayed_score
{_DIFFERENT} order by ledger.ingest_id desc
"""

# The precedence of lists.overruled; null when the score decided.
_LIST_THAT_DECIDED = """
case
    when {lists} @> '[{{"list": "block", "absolute": true}}]' then '(absolute block)'
    when {lists} @> '[{{"list": "allow"}}]' then '(allow list)'
    when {lists} @> '[{{"list": "block"}}]' then '(block list)'
end
"""

_CHANGED = f"""
with changed as (
    select
        replayed.transaction_id,
        ledger.outcome as outcome_then,
        replayed.outcome as outcome_now,
        {_LIST_THAT_DECIDED.format(lists="ledger.lists::jsonb")} as list_then,
        {_LIST_THAT_DECIDED.format(lists="replayed.lists")} as list_now,
        array(
            select reason ->> 'rule' from jsonb_array_elements(ledger.reasons::jsonb) as reason
        ) as rules_then,
        array(
            select reason ->> 'rule' from jsonb_array_elements(replayed.reasons) as reason
        ) as rules_now
    {_COMPARED} and replayed.outcome <> ledger.outcome
),
judged as (
    select distinct on (changed.transaction_id) changed.*, labels.label
    from changed left join raw.transaction_labels as labels
        on changed.transaction_id = labels.transaction_id and labels.source <> 'injected'
    order by changed.transaction_id, labels.labelled_at desc, labels.ingest_id desc
),
by_score as (
    select * from judged where list_then is null and list_now is null
),
by_rule as (
    select outcome_then, outcome_now, 'now' as fires, rule, label
    from by_score, unnest(rules_now) as rule where rule <> all(rules_then)
    union all
    select outcome_then, outcome_now, 'then', rule, label
    from by_score, unnest(rules_then) as rule where rule <> all(rules_now)
    union all
    select outcome_then, outcome_now, 'both', '(weights or thresholds)', label
    from by_score where rules_now @> rules_then and rules_then @> rules_now
    union all
    select outcome_then, outcome_now, 'now', list_now, label from judged where list_now is not null
    union all
    select outcome_then, outcome_now, 'then', list_then, label
    from judged where list_then is not null
)
select
    rule, fires, outcome_then, outcome_now, count(*),
    count(*) filter (where label = 'fraud'), count(*) filter (where label = 'legitimate')
from by_rule group by 1, 2, 3, 4 order by 5 desc, 1, 2, 3, 4
"""  # noqa: S608 - a constant
