"""`fraud replay`: the past again, apart from the live stream and its decisions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import msgspec
import typer

from fraud_local.entry import INTERRUPTED

if TYPE_CHECKING:
    from fraud_core.settings import Settings
    from fraud_stream.replay.request import Request
    from fraud_stream.replay.run import Rescoring

replay = typer.Typer(
    name="replay",
    help="The past again, apart from the live stream and its decisions.",
    no_args_is_help=True,
)

SourceOption = Annotated[
    Literal["raw", "kafka", "parquet", "file"],
    typer.Option(
        help="raw: what has landed. kafka: the live topic's log. parquet: an export of "
        "transactions. file: JSON lines."
    ),
]
SinceOption = Annotated[
    str,
    typer.Option(
        "--from",
        help="Orders placed at or after this time, like 2026-01-05T00:00Z; UTC without a zone.",
    ),
]
UntilOption = Annotated[str, typer.Option("--to", help="Orders placed before this time.")]
PartitionOption = Annotated[int, typer.Option(help="With offsets: the partition.", min=-1)]
FirstOption = Annotated[int, typer.Option(help="First offset.", min=-1)]
EndOption = Annotated[int, typer.Option(help="First offset that is no more asked for.", min=-1)]
PathOption = Annotated[str, typer.Option(help="With parquet or file: where it is.")]


@replay.command("rescore")
def rescore_orders(
    *,
    source: SourceOption = "raw",
    since: SinceOption = "",
    until: UntilOption = "",
    partition: PartitionOption = -1,
    first_offset: FirstOption = -1,
    end_offset: EndOption = -1,
    path: PathOption = "",
    rules: Annotated[
        str, typer.Option(help="The rule set to decide by; none: the one in force (RULES_FILE).")
    ] = "",
    lists: Annotated[
        str, typer.Option(help="The lists to decide by; none: those in force (LISTS_FILE).")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json/--no-json", help="Report as JSON.")] = False,
) -> Any:
    """Decide orders anew into schema replay, and say what differs from the ledger.

    From what has landed, each decision is made on what was known at its moment. From any other
    source the scorer starts with nothing.
    """
    from fraud_core.settings import load_settings
    from fraud_stream.consumer.rule_files import RuleFiles
    from fraud_stream.replay.run import rescore

    settings = load_settings()
    request = _request(
        source=source,
        times=(since, until),
        offsets=(partition, first_offset, end_offset),
        path=path,
    )
    files = RuleFiles(
        _file(settings, rules) if rules else settings.rules_path,
        _file(settings, lists) if lists else settings.lists_path,
    )
    found = rescore(settings, request, files.book)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _show(found)
    return msgspec.to_builtins(found)


def _file(settings: "Settings", name: str) -> Path:
    """As seen from here; Airflow, which runs elsewhere, names what lies in the project."""
    return Path(name) if Path(name).exists() else settings.fraud_project / name


@replay.command("publish")
def publish_orders(
    *,
    source: SourceOption = "raw",
    since: SinceOption = "",
    until: UntilOption = "",
    partition: PartitionOption = -1,
    first_offset: FirstOption = -1,
    end_offset: EndOption = -1,
    path: PathOption = "",
    topic: Annotated[
        str, typer.Option(help="Where to; never a live topic. None: KAFKA_TOPIC_REPLAY.")
    ] = "",
    speed: Annotated[
        float, typer.Option(help="Seconds of event time a second; 0: as fast as it goes.", min=0)
    ] = 0.0,
) -> Any:
    """Send orders of the past to a topic of their own.

    Ctrl-C ends it early: what was sent until then is reported, and it exits with 130.
    """
    from fraud_core.errors import StreamError
    from fraud_core.settings import load_settings
    from fraud_stream.replay.run import resend

    settings = load_settings()
    request = _request(
        source=source,
        times=(since, until),
        offsets=(partition, first_offset, end_offset),
        path=path,
    )
    sent = resend(
        settings, request, topic=topic or settings.kafka_topic_replay, speed=speed or None
    )
    typer.echo(msgspec.json.encode(sent).decode())
    if sent.failed:
        raise StreamError(f"{sent.failed:,} of {sent.sent:,} orders were not delivered")
    if sent.interrupted:
        raise typer.Exit(INTERRUPTED)
    return msgspec.to_builtins(sent)


def register(app: typer.Typer) -> None:
    """Add `fraud replay`."""
    app.add_typer(replay)


def _request(
    *, source: str, times: tuple[str, str], offsets: tuple[int, int, int], path: str
) -> "Request":
    """The options as a request; empty and -1 mean that one was not given."""
    from fraud_core.errors import ReplayError
    from fraud_local.moments import instant
    from fraud_stream.replay.request import Offsets, Request, Source, checked

    since, until = (
        instant(text, option=option) if text else None
        for text, option in zip(times, ("--from", "--to"), strict=True)
    )
    if offsets[0] < 0 and max(offsets) >= 0:  # it would be a replay of everything
        raise ReplayError("--first-offset and --end-offset need the --partition that they are of")
    return checked(
        Request(
            source=cast("Source", source),
            since=since,
            until=until,
            offsets=None if offsets[0] < 0 else Offsets(*offsets),
            path=path or None,
        )
    )


def _show(found: "Rescoring") -> None:
    from rich.table import Table

    from fraud_local.screens import screen

    out = screen()
    recorded = found.differences - found.decided_differently
    out.print(
        f"replay {found.replay_id}: {found.orders:,} orders by rule set {found.rule_set_version}, "
        f"{found.decided_differently:,} decided differently"
        + (f", {recorded:,} recorded differently only" if recorded else "")
        + (f", {found.not_in_ledger:,} not in the ledger" if found.not_in_ledger else "")
    )
    if not found.changed:
        return
    title = "changed outcomes, by what decides only then or only now"
    table = Table(title=title, box=None, padding=(0, 1, 0, 0))
    table.add_column("rule", overflow="fold")
    for name in ("fires", "then", "now"):
        table.add_column(name, no_wrap=True)
    for name in ("orders", "known\nfraud", "known\nhonest"):
        table.add_column(name, justify="right")
    for line in found.changed:
        counts = (line.orders, line.known_fraud, line.known_honest)
        table.add_row(
            *(line.rule, line.fires, line.outcome_then, line.outcome_now),
            *(f"{count:,}" for count in counts),
        )
    out.print(table)
