"""IP addresses are read as they are written: with spaces, a port or a zone; the rest is missing."""

from fraud_core.migration_sql import run_sql_file

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Forward only; rows that are built keep the pseudonyms that they have."""
    run_sql_file(revision)
