"""`fraud reference`: load the marketplace's customers, shops and products."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer


def register(app: typer.Typer) -> None:
    """Add `fraud reference`."""

    @app.command()
    def reference(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        since: Annotated[str, typer.Option("--from", help="First moment, ISO 8601 with a zone.")],
        until: Annotated[
            str, typer.Option("--to", help="First moment that is no more part of it.")
        ],
    ) -> Any:
        """Upsert what was new or changed in an interval; the first load brings all before it."""
        from fraud_core.errors import SettingsError
        from fraud_core.settings import load_settings
        from fraud_local.reference.load import load_interval

        try:
            begin, end = datetime.fromisoformat(since), datetime.fromisoformat(until)
        except ValueError as error:
            raise SettingsError(f"--from, --to: {error}; say 2026-01-05T00:00:00Z") from error
        if begin.tzinfo is None or end.tzinfo is None or begin >= end:
            raise SettingsError("--from must be before --to, and both must name a time zone")
        found = load_interval(load_settings(), begin, end)
        typer.echo(msgspec.json.encode(found).decode())
        return msgspec.to_builtins(found)
