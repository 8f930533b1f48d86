"""An IPv4 address that is written as an IPv6 one counts as what it is."""

from fraud_core.migration_sql import run_sql_file

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Forward only; rows that are built keep the pseudonyms that they have."""
    run_sql_file(revision)
