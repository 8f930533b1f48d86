"""Requests for erasures, which wait until they can be done."""

from fraud_core.migration_sql import run_sql_file

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Forward only: what was asked for is not forgotten by a downgrade."""
    run_sql_file(revision)
