"""`fraud migrate`: bring Postgres to what this version of the code expects."""

import typer

from fraud_core.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add `fraud migrate`."""

    @app.command()
    def migrate() -> None:  # pyright: ignore[reportUnusedFunction] - typer keeps it
        """Make roles, schemas and tables in Postgres, and Airflow's database; run it any time."""
        from fraud_core.migrations import migrate as run

        applied = run(load_settings())
        typer.echo(f"applied {', '.join(applied)}" if applied else "nothing to do")
