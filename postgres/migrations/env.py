"""What alembic runs: numbered revisions on the connection that `fraud migrate` hands over.

The version table lives in a schema of its own, out of the way of dbt and of analysts.
"""

from typing import Any

from alembic import context
from sqlalchemy import Connection

VERSIONS_SCHEMA = "migrations"


def _run(connection: Connection, applied: list[str]) -> None:
    connection.exec_driver_sql(f"create schema if not exists {VERSIONS_SCHEMA}")

    def note(ctx: object, step: Any, heads: object, run_args: object) -> None:  # noqa: ARG001 - alembic passes them by name
        applied.append(step.up_revision_id)

    context.configure(
        connection=connection, version_table_schema=VERSIONS_SCHEMA, on_version_apply=note
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"], context.config.attributes["applied"])
