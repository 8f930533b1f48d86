"""Orders and decisions are neither compressed nor vacuumed while they come in."""

from fraud_core.migration_sql import run_sql_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Forward only; what is compressed already stays so and reads as before."""
    run_sql_file(revision)
