"""Retention goes past a partition in which no order has landed."""

from fraud_core.migration_sql import run_sql_file

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Forward only; what the function has dropped is gone."""
    run_sql_file(revision)
