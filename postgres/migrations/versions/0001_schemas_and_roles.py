"""Schemas raw, staging and marts, and what each role may do in them."""

from fraud_core.migration_sql import run_sql_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Forward only: what has landed is not taken away by a downgrade."""
    run_sql_file(revision)
