"""`fraud export`: a day of the warehouse as Parquet files."""

from datetime import date
from typing import Annotated, Any

import msgspec
import typer


def register(app: typer.Typer) -> None:
    """Add `fraud export`."""

    @app.command()
    def export(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        day: Annotated[str, typer.Option(help="Day of order time in UTC, like 2026-01-05.")],
        late: Annotated[
            bool, typer.Option(help="Also the earlier days that orders landed for on it.")
        ] = False,
    ) -> Any:
        """Replace a day's partitions of facts, decisions and dimensions under EXPORT_URL.

        Exits with 11 before the marts were ever built, with 18 while the day is not built.
        """
        from fraud_core.errors import SettingsError
        from fraud_core.settings import load_settings
        from fraud_local.exports.day import export_day, export_with_late_days

        try:
            wanted = date.fromisoformat(day)
        except ValueError as error:
            raise SettingsError(f"--day: {day!r} is no day, say it like 2026-01-05") from error
        found = (export_with_late_days if late else export_day)(load_settings(), wanted)
        typer.echo(msgspec.json.encode(found).decode())
        return msgspec.to_builtins(found)
