"""The table of what was learned about orders after they were decided."""

from fraud_core.migration_sql import run_sql_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward only: what has landed is not taken away by a downgrade."""
    run_sql_file(revision)
