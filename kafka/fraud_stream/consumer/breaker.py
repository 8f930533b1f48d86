"""Stops landing when everything that arrives is bad, and waits for an operator.

One bad message is a dead letter; ten thousand in a row are somebody's mistake upstream (a topic of
another system, a format that changed), and dead letters would hide it. Nothing is lost while the
stream waits: what was not read stays in Kafka.
"""

import time

import structlog
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_stream.consumer.batch import BreakerState
from fraud_stream.consumer.triage import Triage
from fraud_stream.consumer.waiting import Database

ALL_INPUT_BAD = "all_input_bad"

LOOK_SECONDS = 1.0
REMIND_SECONDS = 60.0


def stored_state(cursor: Cursor) -> BreakerState:
    """As the last landing, or the operator, left it."""
    cursor.execute(
        "select consecutive, tripped_at is not null from raw.stream_breaker "
        "where breaker_name = %s",
        (ALL_INPUT_BAD,),
    )
    row = cursor.fetchone()
    return BreakerState(*row) if row else BreakerState()


def store_state(cursor: Cursor, state: BreakerState) -> None:
    """Part of the landing that it is about."""
    cursor.execute(_STORE, (ALL_INPUT_BAD, state.consecutive, state.tripped))


def reset(cursor: Cursor, by: str) -> bool:
    """Let landing go on; returns whether it was waiting. `by` is kept with the time."""
    cursor.execute(
        "update raw.stream_breaker set consecutive = 0, tripped_at = null, "
        "reset_at = clock_timestamp(), reset_by = %s "
        "where breaker_name = %s and tripped_at is not null",
        (by, ALL_INPUT_BAD),
    )
    return bool(cursor.rowcount)


def after(state: BreakerState, sorted_out: Triage, limit: int) -> BreakerState:
    """The state when this batch has landed."""
    good = len(sorted_out.orders) + len(sorted_out.labels) + len(sorted_out.duplicates)
    consecutive = sorted_out.dead_at_end + (0 if good else state.consecutive)
    return BreakerState(consecutive, consecutive >= limit)


class Breaker:
    """The active scorer's view of it: as stored, and as the batch on its way will leave it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reminded = 0.0
        self.state = database.run(stored_state)

    def wait(self) -> None:
        """For a moment, and then look whether an operator has let landing go on."""
        if time.monotonic() - self._reminded > REMIND_SECONDS:
            self._reminded = time.monotonic()
            structlog.get_logger().error(
                ALL_INPUT_BAD,
                dead_letters_in_a_row=self.state.consecutive,
                way_out="see `fraud dead-letters list`; when the producer is mended, or to go on "
                "regardless: `fraud consume --reset-breaker`",
            )
        time.sleep(LOOK_SECONDS)
        self.state = self._database.run(stored_state)


_STORE = """
insert into raw.stream_breaker (breaker_name, consecutive, tripped_at)
values (%s, %s, case when %s then clock_timestamp() end)
on conflict (breaker_name) do update
set consecutive = excluded.consecutive, tripped_at = excluded.tripped_at
"""
