"""The schema that holds personal data in clear, and what masks it on the way out."""

from fraud_core.migration_sql import run_sql_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward only: what has landed is not taken away by a downgrade."""
    run_sql_file(revision)
