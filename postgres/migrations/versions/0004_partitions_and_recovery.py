"""Orders and decisions in ranges that can be let go of; what a scorer needs to come back."""

from fraud_core.migration_sql import run_sql_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward only: what has landed is not taken away by a downgrade."""
    run_sql_file(revision)
