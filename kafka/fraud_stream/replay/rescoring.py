"""Decide orders anew: what a rule book would have said of them, each at its moment."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.events import OrderEvent
from fraud_stream.consumer.learning import LearningScorer
from fraud_stream.consumer.recovery import Reach, landed_up_to
from fraud_stream.consumer.rule_files import HORIZON
from fraud_stream.replay.landed_source import Span, asked_for, entries, reach_before
from fraud_stream.replay.messages import Message
from fraud_stream.replay.request import Request
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.rules.book import RuleBook
from fraud_stream.scoring.scorer import RuleScorer


class Rescored(NamedTuple):
    """An order and the decision on it."""

    transaction_id: str
    decision: Decision


def rescore_landed(
    cursor: Cursor, book: RuleBook, request: Request, topic: str, within: Span
) -> Iterator[Rescored]:
    """Decisions on landed orders of that topic as they would have been made when they landed.

    State is what it was: every order and label that had landed before the span is absorbed first,
    in the order of ingestion, and those inside are taken in at their place, asked for or not.
    """
    scorer = LearningScorer(RuleScorer(book))
    before = reach_before(cursor, within, HORIZON)
    for landed in entries(cursor, 0, before):
        if isinstance(landed.event, OrderEvent):
            scorer.absorb(landed.event)
        else:
            scorer.learn(landed.event, landed.order)
    scorer.meet(landed_up_to(cursor, scorer.waits_for(), before.last_ingest_id))
    wanted = asked_for(cursor, request, topic, within)
    for landed in entries(cursor, before.last_ingest_id, Reach(within.last, None)):
        if not isinstance(landed.event, OrderEvent):
            scorer.learn(landed.event, landed.order)
        elif landed.ingest_id in wanted:
            yield Rescored(landed.event.transaction_id, scorer.decide(landed.event))
        else:
            scorer.absorb(landed.event)


def rescore_messages(messages: Iterable[Message], book: RuleBook) -> Iterator[Rescored]:
    """Decisions on messages in their order, by a scorer that knows nothing else; each id once."""
    scorer, seen = RuleScorer(book), set[str]()
    for message in messages:
        if message.order.transaction_id in seen:
            continue
        seen.add(message.order.transaction_id)
        yield Rescored(message.order.transaction_id, scorer.score(message.order))
