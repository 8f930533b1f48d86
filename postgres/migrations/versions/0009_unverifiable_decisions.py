"""Decisions whose features an erasure has put out of reach of the parity test."""

from fraud_core.migration_sql import run_sql_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Forward only: what was erased is not there to compare with after a downgrade either."""
    run_sql_file(revision)
