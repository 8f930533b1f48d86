"""A request to erase a customer can be taken back."""

from fraud_core.migration_sql import run_sql_file

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Forward only."""
    run_sql_file(revision)
