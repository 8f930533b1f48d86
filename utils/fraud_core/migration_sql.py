"""Runs one of the plain SQL files that hold the migrations."""

from pathlib import Path

from alembic import context, op
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class


def run_sql_file(revision: str) -> None:
    """Send the whole file to the server as it stands, inside the migration's transaction.

    It goes past SQLAlchemy and without parameters, because both would read `%` and `:` in it.
    """
    driver: Connection = op.get_bind().connection.driver_connection  # pyright: ignore[reportAssignmentType] - psycopg2 is the driver that `migrate` chose
    with driver.cursor() as cursor:
        cursor.execute(_sql_file(revision).read_text(encoding="utf-8"))


def _sql_file(revision: str) -> Path:
    folder = Path(str(context.config.get_main_option("script_location"))) / "sql"
    (found,) = folder.glob(f"{revision}_*.sql")
    return found
