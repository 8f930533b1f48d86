"""`fraud quality`: check the whole platform; the checks of the DAG data_quality_daily."""

from typing import Annotated, Any

import msgspec
import typer


def register(app: typer.Typer) -> None:
    """Add `fraud quality`."""

    @app.command()
    def quality(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        check: Annotated[
            str, typer.Argument(help="Which check; without one, they are listed.")
        ] = "",
    ) -> Any:
        """Make a check; exits with 14 and the offending rows when it does not hold."""
        from fraud_core.settings import load_settings
        from fraud_local.quality.checks import NAMES
        from fraud_local.quality.run import run_check

        if not check:
            typer.echo("\n".join(NAMES))
            return None
        passed = run_check(load_settings(), check)
        typer.echo(msgspec.json.encode(passed).decode())
        return msgspec.to_builtins(passed)
