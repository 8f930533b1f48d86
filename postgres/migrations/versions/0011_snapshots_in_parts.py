"""Snapshots that go on from one another, so that none has to hold everything."""

from fraud_core.migration_sql import run_sql_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Forward only: a snapshot is derived, and losing it costs a longer start."""
    run_sql_file(revision)
