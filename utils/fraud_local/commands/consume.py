"""`fraud consume`: land the stream, as a service or until it has caught up."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Annotated

import typer

from fraud_core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `fraud consume`."""

    @app.command()
    def consume(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        until_caught_up: Annotated[
            bool,
            typer.Option(
                "--until-caught-up", help="End when all has landed that the topics hold now."
            ),
        ] = False,
        timeout: Annotated[
            float, typer.Option(min=1, help="Seconds to catch up in; exits with 6 when over.")
        ] = 600,
        reset_breaker: Annotated[
            bool,
            typer.Option(
                "--reset-breaker",
                help="Let landing go on that stopped with all_input_bad, and end; exits with 0 "
                "also when nothing had stopped.",
            ),
        ] = False,
        by: Annotated[
            str | None, typer.Option(help="Who resets the breaker; you, unless given.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    ) -> None:
        """Score orders from Kafka and land them in Postgres, each exactly once.

        When CONSUMER_BREAKER_MESSAGES messages in a row were bad, landing waits: nothing is lost,
        the rest stays in Kafka. Look at `fraud dead-letters list`, mend the producer, and then
        `fraud consume --reset-breaker`.
        """
        from stamina.instrumentation import set_on_retry_hooks

        from fraud_core.logging import configure_logging, log_crashes_without_values
        from fraud_core.settings import load_settings
        from fraud_stream.consumer.heap import keep_free_memory

        settings = load_settings()
        if reset_breaker:
            _reset_breaker(settings, by, as_json=as_json)
            return
        configure_logging(settings, component="consumer")
        log_crashes_without_values()
        keep_free_memory()
        set_on_retry_hooks(())  # the consumer says itself what it waits for
        if until_caught_up:
            _catch_up(settings, timeout, as_json)
        else:
            _serve(settings)


def _reset_breaker(settings: Settings, by: str | None, *, as_json: bool) -> None:
    from contextlib import closing

    import msgspec

    from fraud_core.database import connect
    from fraud_core.settings import Role
    from fraud_local.editing import user_name
    from fraud_stream.consumer import breaker

    with (
        closing(connect(settings, Role.CONSUMER, application="fraud consume")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        waited = breaker.reset(cursor, by=by or user_name())
    if as_json:
        typer.echo(msgspec.json.encode({"had_stopped": waited}).decode())
    else:
        typer.echo("landing goes on" if waited else "landing had not stopped")


def _serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; the batch in hand is finished and the lease released."""
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    _on_stop_signals(ask_to_stop)
    from fraud_stream.consumer.service import consume

    consume(settings, stop)
    _on_stop_signals(signal.SIG_IGN)  # asked again while the interpreter ends, it exits with 0


def _on_stop_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _catch_up(settings: Settings, timeout: float, as_json: bool) -> None:
    import msgspec
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    from fraud_local.screens import screen
    from fraud_stream.consumer.catch_up import until_caught_up

    with Progress(
        "landing",
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen(stderr=True),
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task("messages", total=None)
        done = until_caught_up(
            settings,
            timeout_seconds=timeout,
            progress=lambda count, total: bar.update(task, completed=count, total=total),
        )
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
        return
    typer.echo(
        f"landed {done.landed:,} orders in {done.seconds:.1f} s: {done.flagged:,} flagged; "
        f"{done.labels:,} labels, {done.duplicates:,} duplicates, {done.dead:,} dead letters"
    )
