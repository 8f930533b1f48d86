"""Room for what is going to land: a partition for every ingest_id before it is handed out."""

import time

import psycopg2
import structlog
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_stream.consumer.waiting import Database, first_line

AHEAD = 500_000
"""Ids for which there is room always; minutes of landing at any rate."""

TRY_EVERY_SECONDS = 30.0


def ensure_partitions(cursor: Cursor, up_to: int) -> int:
    """Make partitions up to an ingest_id; returns the first one that has none."""
    cursor.execute("select raw.ensure_partitions(%s)", (up_to,))
    ((bound,),) = cursor.fetchall()
    return bound


class Room:
    """Asks for partitions long before they are needed, so that no landing has to wait for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bound = 0
        self._tried = 0.0

    def make(self, last_ingest_id: int) -> None:
        """There is room for what follows this id; waits for it only when there is none at all."""
        if last_ingest_id + AHEAD // 2 >= self._bound:
            self._bound = self._database.run(
                lambda cursor: ensure_partitions(cursor, last_ingest_id + AHEAD)
            )
        elif (
            last_ingest_id + AHEAD >= self._bound
            and time.monotonic() - self._tried > TRY_EVERY_SECONDS
        ):
            self._tried = time.monotonic()
            try:
                self._bound = self._database.once(
                    lambda cursor: ensure_partitions(cursor, last_ingest_id + AHEAD)
                )
            except psycopg2.Error as error:
                structlog.get_logger().warning("no new partition yet", reason=first_line(error))
