"""Reference data, replays apart from the live decisions, and retention by partition."""

from fraud_core.migration_sql import run_sql_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward only: what has landed is not taken away by a downgrade."""
    run_sql_file(revision)
