"""What a decision records for the case that somebody looks is text, and not parsed on landing."""

from fraud_core.migration_sql import run_sql_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Forward only; what was recorded stays as it is, letter for letter."""
    run_sql_file(revision)
