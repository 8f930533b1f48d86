"""Whether what was flagged, and what died, is on its topic, at least once and in order."""

from collections.abc import Iterable, Iterator

from confluent_kafka import Message
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from fraud_core.alerts import EVENT_ID
from fraud_core.settings import Settings
from tests.chaos.kafka_log import messages_in_log

_FLAGGED = """
select concat_ws('/', stream.topic, stream.kafka_partition, stream.kafka_offset)
from raw.transaction_decisions as decision
inner join raw.transactions_stream as stream using (ingest_id)
where decision.outcome <> 'approve'
order by ingest_id
"""

_DEAD = """
select concat_ws('/', topic, kafka_partition, kafka_offset)
from raw.dead_letters
order by dead_letter_id
"""

_OUTBOX = """
select coalesce(outbox.ingest_id, decision.ingest_id)
from raw.flagged_outbox as outbox
full join
    (select ingest_id from raw.transaction_decisions where outcome <> 'approve') as decision
    using (ingest_id)
where outbox.ingest_id is null or decision.ingest_id is null
"""

_TO_SEND = """
select
    (select coalesce(max(ingest_id), 0) from raw.flagged_outbox) > coalesce(
        (select last_id from raw.publication_positions where channel = 'transactions_flagged'), 0
    )
    or (select coalesce(max(dead_letter_id), 0) from raw.dead_letters) > coalesce(
        (select last_id from raw.publication_positions where channel = 'transactions_dead_letter'),
        0
    )
"""


def is_all_sent(connection: Connection) -> bool:
    """Whether both channels stand at their ends."""
    with connection, connection.cursor() as cursor:
        cursor.execute(_TO_SEND)
        return cursor.fetchall() == [(False,)]


def unannounced(connection: Connection, settings: Settings) -> Iterator[str]:
    """Everything that is wrong with the two topics and the outbox, in words."""
    servers = settings.bootstrap_servers()
    for topic, query in (
        (settings.kafka_topic_flagged, _FLAGGED),
        (settings.kafka_topic_dead_letter, _DEAD),
    ):
        expected = _words(connection, query)
        yield from _differences(topic, expected, messages_in_log(servers, [topic]))
    for word in _words(connection, _OUTBOX):
        yield f"outbox and decisions differ at ingest_id {word}"


def _differences(topic: str, expected: list[str], messages: Iterable[Message]) -> Iterator[str]:
    """An event that came again is no fault; what came first must come in order, by partition."""
    place = {event: number for number, event in enumerate(expected)}
    seen: set[str] = set()
    newest: dict[int, int] = {}
    for message in messages:
        event, partition = _event(message), message.partition() or 0
        if event not in place:
            yield f"{topic}: {event} from nowhere"
        elif event not in seen:
            seen.add(event)
            if newest.get(partition, -1) > place[event]:
                yield f"{topic}: {event} out of order"
            newest[partition] = place[event]
    yield from (f"{topic}: {event} is missing" for event in expected if event not in seen)


def _event(message: Message) -> str:
    value = next((value for name, value in message.headers() or [] if name == EVENT_ID), b"")
    return value.decode() if isinstance(value, bytes) else str(value)


def _words(connection: Connection, query: str) -> list[str]:
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        return [str(word) for (word,) in cursor.fetchall()]
