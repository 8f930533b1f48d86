"""Dead letters as people see them: with their state, which is what the last action made of it."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import DeadLetterError
from fraud_stream.delivery.dead_letters import what_is_kept
from fraud_stream.delivery.outgoing import place

State = Literal["open", "interrupted", "requeued", "discarded"]
"""`interrupted`: it was to be sent again, and nobody knows whether it was."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what about a dead letter; `sent_to` is None when nothing is known to be sent."""

    action_id: int
    action: Literal["requeue", "edit_and_requeue", "discard"]
    acted_by: str
    acted_at: datetime
    why: str
    sent_to: str | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter in a list."""

    dead_letter_id: int
    landed_at: datetime
    reason: str
    state: State
    topic: str
    partition: int
    offset: int
    value_length: int | None
    detail: str

    @property
    def place(self) -> str:
        """Where the original stands."""
        return place(self.topic, self.partition, self.offset)


class Letter(Line, frozen=True, kw_only=True):
    """All of a dead letter; `value` is what was kept of it."""

    key: bytes | None
    value: bytes | None
    value_sha256: str | None
    headers: list[dict[str, str | None]]
    received_at: datetime | None
    attempts: int
    code_version: str
    actions: list[Action]

    @property
    def kept(self) -> str:
        """Whether the value is the original, a changed or cut one, or absent."""
        return what_is_kept(self.reason, self.value, self.value_length, self.value_sha256)


def find(
    cursor: Cursor,
    *,
    reason: str | None = None,
    since: datetime | None = None,
    state: State | None = None,
    limit: int | None = None,
) -> tuple[list[Line], int]:
    """The newest ones first, all unless there is a limit, and of how many they are."""
    cursor.execute(_LIST, {"reason": reason, "since": since, "state": state, "limit": limit})
    rows = _rows(cursor)
    of = max([row.pop("of") for row in rows], default=0)
    return [Line(**row) for row in rows], of


def letter(cursor: Cursor, dead_letter_id: int) -> Letter:
    """Raises DeadLetterError for an unknown id."""
    cursor.execute(_LETTER, {"id": dead_letter_id})
    found = _rows(cursor)
    if not found:
        raise DeadLetterError(
            f"there is no dead letter {dead_letter_id}: `fraud dead-letters list` shows their ids"
        )
    row = found[0]
    for name in ("key", "value"):
        row[name] = None if row[name] is None else bytes(row[name])
    cursor.execute(_ACTIONS, {"id": dead_letter_id})
    return Letter(**row, actions=[Action(**action) for action in _rows(cursor)])


def _rows(cursor: Cursor) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_STATE = """
coalesce(
    (
        select
            case
                when act.action = 'discard' then 'discarded'
                when act.sent_at is null then 'interrupted'
                else 'requeued'
            end
        from raw.dead_letter_actions as act
        where act.dead_letter_id = letter.dead_letter_id
        order by act.action_id desc
        limit 1
    ),
    'open'
)
"""

_LINE = f"""
    letter.dead_letter_id, letter.landed_at, letter.reason, {_STATE} as state, letter.topic,
    letter.kafka_partition as partition, letter.kafka_offset as offset, letter.value_length,
    letter.detail
"""

_LIST = f"""
select *, count(*) over () as of from (
    select {_LINE}
    from raw.dead_letters as letter
    where
        (%(reason)s is null or letter.reason = %(reason)s)
        and (%(since)s::timestamptz is null or letter.landed_at >= %(since)s)
) as line
where %(state)s is null or line.state = %(state)s
order by line.dead_letter_id desc
limit %(limit)s
"""  # noqa: S608 - of constants

_LETTER = f"""
select
    {_LINE}, letter.key, letter.value, letter.value_sha256, letter.headers, letter.received_at,
    letter.attempts, letter.code_version
from raw.dead_letters as letter
where letter.dead_letter_id = %(id)s
"""  # noqa: S608 - of constants

_ACTIONS = """
select
    action_id, action, acted_by, acted_at, why,
    sent_topic || '/' || sent_partition || '/' || sent_offset as sent_to
from raw.dead_letter_actions
where dead_letter_id = %(id)s
order by action_id
"""
