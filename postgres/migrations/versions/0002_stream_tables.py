"""The tables that the consumer lands into."""

from fraud_core.migration_sql import run_sql_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward only: what has landed is not taken away by a downgrade."""
    run_sql_file(revision)
