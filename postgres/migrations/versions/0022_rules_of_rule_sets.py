"""Which rules a rule set has, those that never fired among them."""

from fraud_core.migration_sql import run_sql_file

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Forward only."""
    run_sql_file(revision)
