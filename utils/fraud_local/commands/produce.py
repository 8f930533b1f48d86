"""`fraud produce`: orders onto Kafka or into a file, simulated or out of a file of real ones."""

import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from fraud_stream.producer.run import ProduceSummary
    from fraud_stream.producer.simulation import Wishes
    from fraud_stream.producer.sinks import Sink

DEFAULT_ORDERS = 1000
DEFAULT_LABEL_DELAY = "7d"
EXIT_NOT_DELIVERED = 6
EXIT_INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add `fraud produce`."""

    @app.command()
    def produce(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        *,
        orders: Annotated[
            int | None, typer.Option(min=1, help="How many orders; 1000 unless --duration.")
        ] = None,
        duration: Annotated[
            float | None,
            typer.Option(
                min=0.1, help="For so many seconds instead; a file gets all orders of that time."
            ),
        ] = None,
        rate: Annotated[
            float | None, typer.Option(min=0.01, help="Orders a second; as fast as it goes.")
        ] = None,
        speed: Annotated[
            float | None, typer.Option(min=0.001, help="Seconds of event time a second.")
        ] = None,
        seed: Annotated[
            int | None, typer.Option(min=0, help="Same seed and options, same bytes; else random.")
        ] = None,
        start: Annotated[
            str | None,
            typer.Option(
                help="Event time of the beginning, like 2026-01-05T00:00Z; UTC without a zone."
            ),
        ] = None,
        attacks: Annotated[
            str | None, typer.Option(help="all, none, or name=rate,...; all unless you say.")
        ] = None,
        duplicates: Annotated[
            float, typer.Option(min=0, max=1, help="Share of orders sent a second time.")
        ] = 0.0,
        malformed: Annotated[
            float, typer.Option(min=0, max=1, help="Broken messages an order, added.")
        ] = 0.0,
        shuffle: Annotated[
            float, typer.Option(min=0, help="Disorder: longest delay, seconds of event time.")
        ] = 0.0,
        from_file: Annotated[
            Path | None, typer.Option("--from", help="Orders of this file (.gz, .bz2, .xz, .zst).")
        ] = None,
        mapping: Annotated[
            str | None, typer.Option(help="What the file's columns mean; docs/data-mappings.md.")
        ] = None,
        label_delay: Annotated[
            str | None,
            typer.Option(help="How long after an order its label is known; 7d unless you say."),
        ] = None,
        to_file: Annotated[
            Path | None,
            typer.Option(help="Write JSON lines here (.gz, .bz2, .xz, .zst), not to Kafka."),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    ) -> None:
        """Publish orders of a simulated marketplace, and later the truth about them.

        Exits with 6 when a message was not delivered.
        """
        from fraud_core.errors import SettingsError
        from fraud_local.moments import instant
        from fraud_local.progress import RateBar
        from fraud_stream.producer.run import produce_simulation
        from fraud_stream.producer.simulation import Wishes

        _require_finite(
            duration=duration,
            rate=rate,
            speed=speed,
            duplicates=duplicates,
            malformed=malformed,
            shuffle=shuffle,
        )
        wishes = Wishes(
            orders=orders,
            duration=duration,
            rate=rate,
            speed=speed,
            seed=seed,
            start=None if start is None else instant(start, option="--start"),
            attacks="all" if attacks is None else attacks,
            duplicates=duplicates,
            malformed=malformed,
            shuffle=shuffle,
        )
        if from_file is not None and attacks is not None:
            raise SettingsError(
                "--attacks and --from: a file has the attacks that are in it; leave out one of them"
            )
        if from_file is None and label_delay is not None:
            raise SettingsError(
                "--label-delay is for orders of a file: give --from too, or leave it out"
            )
        if from_file is not None or mapping is not None:
            delay = DEFAULT_LABEL_DELAY if label_delay is None else label_delay
            summary = _replay(wishes, from_file, mapping, delay, to_file)
            report(summary, as_json=as_json, to_kafka=to_file is None)
            return
        if orders is not None and duration is not None:
            raise SettingsError("--orders and --duration: give one of them")
        if orders is None and duration is None:
            wishes = msgspec.structs.replace(wishes, orders=DEFAULT_ORDERS)
        with RateBar("producing", _expected(wishes)) as bar:
            summary = produce_simulation(wishes, _sink(to_file), progress=bar.show)
            bar.end(complete=not summary.interrupted)
        report(summary, as_json=as_json, to_kafka=to_file is None)


def _replay(
    wishes: "Wishes",
    path: Path | None,
    mapping: str | None,
    label_delay: str,
    to_file: Path | None,
) -> "ProduceSummary":
    from fraud_core.errors import SettingsError
    from fraud_local.progress import RateBar
    from fraud_stream.producer.mapping.replay import Replay
    from fraud_stream.producer.mapping.spec import MappingError, load_mapping
    from fraud_stream.producer.run import produce_file
    from fraud_stream.producer.simulation import disorder
    from fraud_stream.producer.timing import Pace

    if path is None or mapping is None:
        raise SettingsError("--from FILE and --mapping NAME belong together")
    if wishes.duration is not None or wishes.start is not None:
        raise SettingsError(
            "--from: the file says which orders and when; leave out --duration and --start"
        )
    if wishes.rate and wishes.speed:
        raise SettingsError("--from: --rate and --speed both say how fast; leave one out")
    if to_file is not None:
        _require_another_file(path, to_file)
    replay = Replay(
        path, load_mapping(mapping), label_delay=_milliseconds(label_delay), limit=wishes.orders
    )
    with RateBar("producing", _expected(wishes)) as bar:
        summary = produce_file(
            replay,
            disorder(wishes, wishes.seed or 0),
            _sink(to_file),
            pace=Pace(wishes.rate, wishes.speed),
            progress=bar.show,
        )
        bar.end(complete=not summary.interrupted)
    for problem in replay.unmapped.first:
        typer.echo(f"not mapped: {problem}", err=True)
    if summary.unmapped and not summary.orders:
        raise MappingError(
            f"{path}: not one of its {summary.unmapped:,} rows is an order by {mapping}"
        )
    return summary


def _expected(wishes: "Wishes") -> int | None:
    """How many messages it will be on average: what is sent again and what is broken is chance."""
    if wishes.orders is None:
        return None
    return round(wishes.orders * (1 + wishes.duplicates + wishes.malformed))


def _require_another_file(path: Path, to_file: Path) -> None:
    """What is written to is emptied first."""
    from fraud_core.errors import SettingsError
    from fraud_stream.producer.files import labels_beside

    for written in (to_file, labels_beside(to_file)):
        if written.exists() and path.exists() and written.samefile(path):
            raise SettingsError(
                f"--from and --to-file: {written} is read and would be written at once; give "
                "--to-file another name"
            )


def _require_finite(**options: float | None) -> None:
    from fraud_core.errors import SettingsError

    for name, number in options.items():
        if number is not None and not math.isfinite(number):
            raise SettingsError(f"--{name}: {number} is no finite number")


def _milliseconds(text: str) -> int:
    """A length of time like 7d, 12h, 30m or 45s."""
    from fraud_core.errors import SettingsError

    units = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
    number, unit = text[:-1], text[-1:]
    is_number = number.isascii() and number.replace(".", "", 1).isdecimal()
    length = float(number) * units[unit] if is_number and unit in units else math.inf
    if not math.isfinite(length):
        raise SettingsError(f"--label-delay: {text!r} is no length like 7d, 12h, 30m or 45s")
    return int(length)


def _sink(to_file: Path | None) -> "Sink":
    from fraud_core.settings import load_settings
    from fraud_stream.producer.sinks import FileSink, KafkaSink

    return FileSink(to_file) if to_file else KafkaSink(load_settings())


def report(summary: "ProduceSummary", *, as_json: bool, to_kafka: bool) -> None:
    """Say what became of every message, and exit accordingly."""
    from fraud_core.settings import load_settings

    if to_kafka:
        now, oldest = datetime.now(UTC), load_settings().oldest_event_time
        for warning in beyond_limits(summary, now=now, oldest=oldest):
            typer.echo(warning, err=True)
    if as_json:
        typer.echo(msgspec.json.encode(summary).decode())
    else:
        typer.echo(_in_words(summary))
    for reason, count in summary.errors.items():
        typer.echo(f"not delivered: {count:,} x {reason}", err=True)
    if summary.failed or summary.labels_failed:
        sys.exit(EXIT_NOT_DELIVERED)
    if summary.interrupted:
        sys.exit(EXIT_INTERRUPTED)


def beyond_limits(summary: "ProduceSummary", *, now: datetime, oldest: datetime) -> list[str]:
    """What the consumer will not take for its time: a file says when, and chance stretches streams.

    Known only at the end, when all has been sent.
    """
    from fraud_core.events import FUTURE_LIMIT

    first, last = summary.first_event_at, summary.last_event_at
    found: list[str] = []
    if last and last - now > FUTURE_LIMIT:
        found.append(
            f"warning: the last order is of {last.isoformat()}; orders of more than {FUTURE_LIMIT} "
            "ahead of the clock become dead letters (future): send earlier ones, as by --start"
        )
    if first and first < oldest:
        found.append(
            f"warning: the first order is of {first.isoformat()}; orders from before "
            f"{oldest.isoformat()} become dead letters (ancient): set OLDEST_EVENT_TIME back to "
            "take them"
        )
    return found


def _in_words(summary: "ProduceSummary") -> str:
    extra = "".join(
        f", {count:,} {name}"
        for name, count in (("sent again", summary.duplicates), ("broken", summary.malformed))
        if count
    )
    per_second = summary.acknowledged / max(summary.seconds, 0.001)
    seed = "" if summary.seed is None else f" (seed {summary.seed})"
    unmapped = f"\n  {summary.unmapped:,} rows not mapped" if summary.unmapped else ""
    return (
        f"produced {summary.produced:,} messages{seed}: {summary.orders:,} orders{extra}\n"
        f"  {summary.acknowledged:,} acknowledged, {summary.failed:,} failed, "
        f"{per_second:,.0f}/s\n"
        f"  {summary.labels:,} labels, {summary.labels_failed:,} failed, "
        f"{summary.labels_to_come:,} not yet known when the stream ends"
        f"{unmapped}"
    )
