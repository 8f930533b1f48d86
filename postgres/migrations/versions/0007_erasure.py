"""What remains of a customer who was erased: that it was done, and a keyed hash."""

from fraud_core.migration_sql import run_sql_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward only: what has landed is not taken away by a downgrade."""
    run_sql_file(revision)
