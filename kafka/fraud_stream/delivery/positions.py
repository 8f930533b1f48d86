"""How far each channel has been sent, in Postgres: moved by compare-and-set, and never back."""

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class


def position(cursor: Cursor, channel: str) -> int:
    """The last id that the broker has acknowledged; 0 before the first."""
    cursor.execute("select last_id from raw.publication_positions where channel = %s", (channel,))
    row = cursor.fetchone()
    return row[0] if row else 0


def move(cursor: Cursor, channel: str, before: int, after: int) -> bool:
    """Whether the channel stands at `after` now; False when somebody else has moved it.

    Safe to repeat after a commit whose answer was lost.
    """
    cursor.execute(
        "insert into raw.publication_positions as stored (channel, last_id) values (%s, %s) "
        "on conflict (channel) do update "
        "set last_id = excluded.last_id, updated_at = clock_timestamp() "
        "where stored.last_id = %s",
        (channel, after, before),
    )
    return bool(cursor.rowcount) or position(cursor, channel) == after
