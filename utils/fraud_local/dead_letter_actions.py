"""Send dead letters again, or put them aside for good; who did it, when and why is kept.

What is to be done is noted first and committed, then the message is sent, then the note is
completed with where it went. A crash in between leaves the note without that, and the dead letter
`interrupted`: nothing is ever sent of which there is no note.
"""

import hashlib
import time
from typing import Literal

import msgspec
from confluent_kafka import KafkaException, Message
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.alerts import REPLAY_OF
from fraud_core.errors import DeadLetterError, StreamError
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings
from fraud_local.dead_letters import Letter, letter
from fraud_stream.consumer.decode import decode, decode_label
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.delivery.dead_letters import ORIGINAL
from fraud_stream.delivery.outgoing import Outgoing
from fraud_stream.delivery.sender import Sender

SEND_SECONDS = 30.0


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts, and why; `again` is whether on one that was acted on before, too."""

    by: str
    why: str
    again: bool = False


class Resent(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent in place of a dead letter."""

    action: Literal["requeue", "edit_and_requeue"]
    key: bytes | None
    value: bytes


def original(dead: Letter, settings: Settings, *, anyway: bool = False) -> Resent:
    """Its own bytes.

    Raises DeadLetterError when they were not kept, and unless `anyway` when the consumer would make
    a dead letter of them again.
    """
    if dead.value is None or dead.kept != ORIGINAL:
        kept = "nothing" if dead.value is None else f"{len(dead.value):,} bytes, changed or cut,"
        of = "a message without a value" if dead.value_length is None else f"{dead.value_length:,}"
        raise DeadLetterError(
            f"dead letter {dead.dead_letter_id} cannot be sent again: {kept} is kept of {of} "
            f"(reason {dead.reason}). Get the message from its sender, and either have it sent "
            f"again or use `fraud dead-letters edit-and-requeue {dead.dead_letter_id} --file FILE`"
        )
    found = _as_the_consumer(dead, dead.value, settings, key=dead.key)
    if dead.reason == "id_conflict":  # another order has that id for ever
        found = Rejection(dead.reason, dead.detail)
    if isinstance(found, Rejection) and not anyway:
        number = dead.dead_letter_id
        raise DeadLetterError(
            f"dead letter {number} would be a dead letter again ({found.reason}: {found.detail}); "
            f"mend it with `fraud dead-letters edit-and-requeue {number}`, or send it with --anyway"
        )
    return Resent(action="requeue", key=dead.key, value=dead.value)


def edited(dead: Letter, value: bytes, settings: Settings, *, anyway: bool = False) -> Resent:
    """Another value in its place, under the key that belongs to that value.

    Raises DeadLetterError when nothing was changed, and unless `anyway` when the consumer would
    make a dead letter of it again.
    """
    if value == dead.value and dead.kept == ORIGINAL:
        raise DeadLetterError(
            f"dead letter {dead.dead_letter_id}: nothing was changed, so nothing was sent; "
            "`requeue` sends it as it is"
        )
    found = _as_the_consumer(dead, value, settings)
    key = dead.key if isinstance(found, Rejection) else found.encode()
    if isinstance(found, Rejection) and not anyway:
        raise DeadLetterError(
            f"the edited message would be a dead letter again ({found.reason}: {found.detail}); "
            "mend it, or send it with --anyway"
        )
    return Resent(action="edit_and_requeue", key=key, value=value)


def _as_the_consumer(
    dead: Letter, value: bytes, settings: Settings, *, key: bytes | None = None
) -> Rejection | str:
    """The key that a message with this value goes under, or why it would be a dead letter.

    Under `key` when there is one.
    """
    limit, now = settings.max_message_bytes, time.time_ns() // 1_000_000
    if dead.topic == settings.kafka_topic_labels:
        label = decode_label(value, max_bytes=limit, received_ms=now)
        return label if isinstance(label, Rejection) else label.transaction_id
    order = decode(
        value, max_bytes=limit, received_ms=now, key=key, oldest=settings.oldest_event_time
    )
    return order if isinstance(order, Rejection) else order.customer_id


def require_open(connection: Connection, dead: Letter, actor: Actor) -> None:
    """Raises DeadLetterError when it was acted on before, unless that is to be done once more."""
    with connection, connection.cursor() as cursor:
        _refuse_repetition(cursor, dead, actor)


def discard(connection: Connection, dead: Letter, actor: Actor) -> None:
    """Note that it needs nothing more; its row stays."""
    with connection, connection.cursor() as cursor:
        _refuse_repetition(cursor, dead, actor)
        cursor.execute(_NOTE, _note(dead, "discard", actor, None))


def resend(
    connection: Connection, settings: Settings, dead: Letter, what: Resent, actor: Actor
) -> str:
    """Send it to the topic that it came from; returns where it is, as topic/partition/offset.

    Raises DeadLetterError when it was acted on before, StreamError when the broker does not
    acknowledge it in time.
    """
    with connection, connection.cursor() as cursor:
        _refuse_repetition(cursor, dead, actor)
        cursor.execute(_NOTE, _note(dead, what.action, actor, what.value))
        ((action_id,),) = cursor.fetchall()
    sent = _send(settings, dead, what)
    where = {"topic": sent.topic(), "partition": sent.partition(), "offset": sent.offset()}
    with connection, connection.cursor() as cursor:
        cursor.execute(_COMPLETE, {**where, "id": action_id})
    return "{topic}/{partition}/{offset}".format_map(where)


def _send(settings: Settings, dead: Letter, what: Resent) -> Message:
    message = Outgoing(key=what.key, value=what.value, headers={REPLAY_OF: dead.place})
    sender = Sender(settings.kafka_client(KafkaPart.PRODUCER), timeout_seconds=SEND_SECONDS)
    try:
        delivered = sender.send(dead.topic, [message], lambda: False)
    except KafkaException as error:
        raise StreamError(
            f"dead letter {dead.dead_letter_id}: the broker did not acknowledge the message within "
            f"{SEND_SECONDS:g} s ({error.args[0].str()}); it is noted as interrupted. Once the "
            "broker answers, send it with --again; should it have arrived after all, the consumer "
            "finds it to be a duplicate"
        ) from error
    finally:
        sender.close()
    if delivered.too_large:
        raise StreamError(
            f"dead letter {dead.dead_letter_id}: {len(what.value):,} bytes are more than topic "
            f"{dead.topic!r} takes; it is noted as interrupted, and nothing was sent"
        )
    return delivered.acknowledged[0]


def _refuse_repetition(cursor: Cursor, dead: Letter, actor: Actor) -> None:
    """Two people who act at the same time come one after the other; the second is refused."""
    cursor.execute(_ONE_AT_A_TIME, (f"dead letter {dead.dead_letter_id}",))
    now = letter(cursor, dead.dead_letter_id)
    if now.actions and not actor.again:
        last = now.actions[-1]
        raise DeadLetterError(
            f"dead letter {dead.dead_letter_id} is {now.state} already: {last.action} by "
            f"{last.acted_by} at {last.acted_at:%Y-%m-%d %H:%M:%S %Z}, because {last.why!r}. "
            "--again acts on it once more"
        )


def _note(dead: Letter, action: str, actor: Actor, value: bytes | None) -> dict[str, object]:
    return {
        "id": dead.dead_letter_id,
        "action": action,
        "by": actor.by,
        "why": actor.why,
        "replay_of": dead.place,
        "sha256": None if value is None else hashlib.sha256(value).hexdigest(),
    }


_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"

_NOTE = """
insert into raw.dead_letter_actions
    (dead_letter_id, action, acted_by, why, replay_of, value_sha256)
values (%(id)s, %(action)s, %(by)s, %(why)s, %(replay_of)s, %(sha256)s)
returning action_id
"""

_COMPLETE = """
update raw.dead_letter_actions
set
    sent_topic = %(topic)s,
    sent_partition = %(partition)s,
    sent_offset = %(offset)s,
    sent_at = clock_timestamp()
where action_id = %(id)s
"""
