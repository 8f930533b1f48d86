"""`fraud produce`: orders of the simulated marketplace onto Kafka."""

import sys
from typing import Annotated

import msgspec
import typer


def register(app: typer.Typer) -> None:
    """Add `fraud produce`."""

    @app.command()
    def produce(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        orders: Annotated[int, typer.Option(min=1, help="How many orders.")] = 1000,
        seed: Annotated[
            int | None, typer.Option(help="Same seed, same world; new each time if not given.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    ) -> None:
        """Publish simulated orders to Kafka; exits with 6 when a message was not delivered."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

        from fraud_core.settings import load_settings
        from fraud_stream.producer.run import produce_orders

        screen = Console(stderr=True)
        with Progress(
            "producing", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=screen
        ) as bar:
            task = bar.add_task("orders", total=orders)
            summary = produce_orders(
                load_settings(), orders=orders, seed=seed, progress=lambda n: bar.advance(task, n)
            )
        if as_json:
            typer.echo(msgspec.json.encode(summary).decode())
        else:
            typer.echo(
                f"produced {summary.produced:,} orders (seed {summary.seed}): "
                f"{summary.acknowledged:,} acknowledged, {summary.failed:,} failed"
            )
        for reason, count in summary.errors.items():
            screen.print(f"[red]not delivered:[/] {count:,} x {reason}")
        if summary.failed:
            sys.exit(6)
        if summary.interrupted:
            sys.exit(130)
