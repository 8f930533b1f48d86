"""The outbox of alerts, how far it was sent, and what people do about dead letters."""

from fraud_core.migration_sql import run_sql_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forward only: what has landed is not taken away by a downgrade."""
    run_sql_file(revision)
