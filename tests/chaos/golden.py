"""What one scorer that is never interrupted decides over the same orders and labels."""

import io
from collections import deque
from collections.abc import Iterator
from itertools import islice

import msgspec
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from fraud_core.events import LabelEvent, OrderEvent
from fraud_core.settings import Settings
from fraud_stream.consumer.learning import LearningScorer, Verdict, is_learned, verdict
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.scoring.decision import Decision

_PAGE = 5_000
_BACKSLASH = {ord("\\"): "\\\\"}

_TABLE = """
create temporary table golden (
    ingest_id bigint, outcome text, score double precision,
    factors jsonb, reasons jsonb, features jsonb
) on commit drop
"""

_DIFFERENT = """
select coalesce(golden.ingest_id, ours.ingest_id)
from golden
full join raw.transaction_decisions as ours using (ingest_id)
where (golden.outcome, golden.score, golden.factors, golden.reasons, golden.features)
    is distinct from (
        ours.outcome, ours.score, ours.factors::jsonb, ours.reasons::jsonb, ours.features::jsonb
    )
order by 1
"""

_LABELS = """
select
    ingest_id,
    json_build_object(
        'transaction_id', transaction_id, 'label', label, 'source', source,
        'reason', reason, 'labelled_at', labelled_at
    )::text
from raw.transaction_labels
order by ingest_id
"""


def differing_decisions(connection: Connection, settings: Settings) -> list[int]:
    """The ingest_ids at which the ledger and the golden run disagree."""
    with connection, connection.cursor() as cursor:
        cursor.execute(_TABLE)
        decided = _decisions(connection, settings)
        while page := list(islice(decided, _PAGE)):
            cursor.copy_expert("copy golden from stdin", io.StringIO("".join(page)))
        cursor.execute(_DIFFERENT)
        return [ingest_id for (ingest_id,) in cursor.fetchall()]


def _decisions(connection: Connection, settings: Settings) -> Iterator[str]:
    """Lines to copy, in the order of ingestion, labels learned where they were learned.

    Of the labels of an order each verdict counts once.
    """
    scorer = LearningScorer(RuleFiles.of(settings).make())
    labels, labelled = _labels(connection)
    known: dict[str, OrderEvent] = {}
    given: set[Verdict] = set()
    for ingest_id, order in _orders(connection):
        while labels and labels[0][0] < ingest_id:
            label = labels.popleft()[1]
            if is_learned(label) and verdict(label) not in given:
                given.add(verdict(label))
                scorer.learn(label, known.get(label.transaction_id))
        if order.transaction_id in labelled:
            known[order.transaction_id] = order
        yield _line(ingest_id, scorer.decide(order))


def _labels(connection: Connection) -> tuple[deque[tuple[int, LabelEvent]], set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(_LABELS)
        labels = deque(
            (ingest_id, msgspec.json.decode(text, type=LabelEvent))
            for ingest_id, text in cursor.fetchall()
        )
    return labels, {label.transaction_id for _, label in labels}


def _orders(connection: Connection) -> Iterator[tuple[int, OrderEvent]]:
    decode = msgspec.json.Decoder(OrderEvent).decode
    with connection.cursor("orders") as cursor:
        cursor.itersize = _PAGE
        cursor.execute("select ingest_id, payload from raw.transactions_stream order by ingest_id")
        for ingest_id, payload in cursor:
            yield ingest_id, decode(payload)


def _line(ingest_id: int, decision: Decision) -> str:
    parts = (decision.factors, decision.reasons, decision.features)
    texts = [msgspec.json.encode(part).decode().translate(_BACKSLASH) for part in parts]
    return "\t".join([str(ingest_id), decision.outcome, repr(decision.score), *texts]) + "\n"
