"""`fraud reference`: load the marketplace's customers, shops and products."""

from typing import Annotated, Any

import msgspec
import typer


def register(app: typer.Typer) -> None:
    """Add `fraud reference`."""

    @app.command()
    def reference(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        since: Annotated[
            str,
            typer.Option(
                "--from", help="First moment, like 2026-01-05T00:00Z; UTC without a zone."
            ),
        ],
        until: Annotated[
            str, typer.Option("--to", help="First moment that is no more part of it.")
        ],
    ) -> Any:
        """Upsert what was new or changed in an interval; the first load brings all before it."""
        from fraud_core.errors import SettingsError
        from fraud_core.settings import load_settings
        from fraud_local.moments import instant
        from fraud_local.reference.load import load_interval

        begin, end = instant(since, option="--from"), instant(until, option="--to")
        if begin >= end:
            raise SettingsError("--from must be before --to")
        found = load_interval(load_settings(), begin, end)
        typer.echo(msgspec.json.encode(found).decode())
        return msgspec.to_builtins(found)
