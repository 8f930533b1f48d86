"""Retention keeps what a scorer's windows still reach, however long ago it was received."""

from fraud_core.migration_sql import run_sql_file

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Forward only; what the function has dropped is gone."""
    run_sql_file(revision)
