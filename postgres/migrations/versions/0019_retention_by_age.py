"""Old orders also go out of partitions that go on, and how far that came is noted."""

from fraud_core.migration_sql import run_sql_file

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Forward only; what the function has dropped is gone."""
    run_sql_file(revision)
