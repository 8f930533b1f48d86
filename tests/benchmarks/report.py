"""Results as a file with the facts of the machine, and two such files side by side.

    python -m tests.benchmarks.report [OLDER.json NEWER.json]

Without names it is the two newest files of .fraud/bench/ that hold a benchmark of the same size. A
benchmark whose sizes differ is left out and named. Ratios come first: they are what survives
another machine and another load.
"""

import argparse
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from shutil import which

import msgspec
import psutil
from confluent_kafka import libversion
from rich.console import Console
from rich.table import Table

from fraud_core.settings import REPOSITORY, load_settings
from fraud_local.jars import LOCK_FILE
from fraud_local.postgres_binaries import find_binaries
from tests.benchmarks.harness import Found


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures depend on besides the code."""

    cores: int
    cpu: str
    memory_gb: float
    system: str
    python: str
    postgres: str
    kafka: str
    librdkafka: str
    commit: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark; `load` is the machine's load average of a minute when it began and ended.

    `sizes` are those it ran with; reports from before they were kept have none.
    """

    found: Found
    sizes: dict[str, float] | None = None
    load: tuple[float, float]
    seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of one run of the benchmarks."""

    began_at: datetime
    load_at_start: tuple[float, float, float]
    machine: Machine
    results: dict[str, Measured]


def machine() -> Machine:
    """Of this one, and of the Kafka and Postgres that the embedded stack starts on it."""
    return Machine(
        cores=os.cpu_count() or 0,
        cpu=_cpu_model(),
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        system=platform.platform(),
        python=platform.python_version(),
        postgres=_postgres(),
        kafka=_kafka(),
        librdkafka=libversion()[0],
        commit=_said("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"),
    )


def save(report: Report) -> None:
    """Write it to its place, also over what was found up to now."""
    path = path_of(report)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report)))


def path_of(report: Report) -> Path:
    """Under .fraud/bench/, named by when it began."""
    return _folder() / f"{report.began_at:%Y-%m-%dT%H-%M-%S}.json"


def show(results: Mapping[str, Measured]) -> Table:
    """What was found, ratios first."""
    table = Table("benchmark", "of", "", title="The ratios are what to compare")
    table.add_column("", justify="right")
    for name, measured in results.items():
        for kind, values in _rows(measured.found):
            table.add_row(name, _rounds(measured), kind, _number(values))
        table.add_section()
    return table


def compare(older: Report, newer: Report) -> Table:
    """Both with the quotient of the two: ratios of all benchmarks first, figures after them."""
    differing = [name for name in newer.results if _differ(older, newer, name)]
    left_out = [f"{name}: {_sizes(older, name)} and {_sizes(newer, name)}" for name in differing]
    notes = [
        *_machines_differ(older.machine, newer.machine),
        *_rounds_differ(older, newer),
        *(f"left out, of different sizes: {line}" for line in left_out),
    ]
    table = Table(
        "benchmark",
        "",
        title=f"{_title(older)}\n{_title(newer)}",
        caption="\n".join(notes),
    )
    for column in ("older", "newer", "newer / older"):
        table.add_column(column, justify="right")
    for part in ("ratios", "figures"):
        for name in comparable(older, newer):
            shown = name + " (sizes not known)" * (not _is_sized(older, newer, name))
            before = getattr(older.results[name].found, part)
            for kind, value in getattr(newer.results[name].found, part).items():
                if kind in before:
                    quotient = f"{value / before[kind]:.2f}" if before[kind] else ""
                    table.add_row(shown, kind, _number(before[kind]), _number(value), quotient)
        table.add_section()
    return table


def _machines_differ(older: Machine, newer: Machine) -> list[str]:
    """A line for each fact but the commit, which is what people compare."""
    return [
        f"not the same machine, {name}: {before or 'unknown'} and {after or 'unknown'}"
        for name in Machine.__struct_fields__
        if name != "commit" and (before := getattr(older, name)) != (after := getattr(newer, name))
    ]


def _rounds_differ(older: Report, newer: Report) -> list[str]:
    return [
        f"not the same rounds, {name}: {before} and {after}"
        for name in comparable(older, newer)
        if (before := _rounds(older.results[name])) != (after := _rounds(newer.results[name]))
    ]


def _rounds(measured: Measured) -> str:
    rounds = measured.found.rounds
    return f"medians of {rounds}" if rounds > 1 else "one run"


def comparable(older: Report, newer: Report) -> list[str]:
    """The benchmarks of both that found something of the same name, not in different sizes."""
    return [
        name
        for name in newer.results
        if name in older.results
        and not _differ(older, newer, name)
        and _kinds(older, name) & _kinds(newer, name)
    ]


def newest_pair(newest_first: Iterable[Report]) -> tuple[Report, Report] | None:
    """Of those that can be compared, the newest with the newest before it; the older comes first.

    No more is taken from the iterable than that needs.
    """
    seen: list[Report] = []
    for older in newest_first:
        for newer in seen:
            if comparable(older, newer):
                return older, newer
        seen.append(older)
    return None


def _differ(older: Report, newer: Report, name: str) -> bool:
    """Whether both have it, in sizes that are known and not the same."""
    return (
        name in older.results
        and _is_sized(older, newer, name)
        and older.results[name].sizes != newer.results[name].sizes
    )


def _is_sized(older: Report, newer: Report, name: str) -> bool:
    return None not in (older.results[name].sizes, newer.results[name].sizes)


def _sizes(report: Report, name: str) -> str:
    sizes = report.results[name].sizes or {}
    return ", ".join(f"{size} {value:,.10g}" for size, value in sizes.items())


def _kinds(report: Report, name: str) -> set[str]:
    found = report.results[name].found
    return {*found.ratios, *found.figures}


def _rows(found: Found) -> list[tuple[str, float]]:
    ratios = [(f"[bold]{name}[/]", value) for name, value in found.ratios.items()]
    return [*ratios, *found.figures.items()]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def _title(report: Report) -> str:
    load = " ".join(f"{value:.1f}" for value in report.load_at_start)
    return f"{report.began_at:%Y-%m-%d %H:%M} UTC, {report.machine.commit}, load {load}"


def _folder() -> Path:
    return load_settings().fraud_home / "bench"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), "")


def _postgres() -> str:
    return _said(str(find_binaries(Path(os.devnull), None).folder / "postgres"), "--version")


def _kafka() -> str:
    jars = LOCK_FILE.read_text(encoding="utf-8").splitlines()
    return next(line.split()[0] for line in jars if line.startswith("org.apache.kafka:kafka_"))


def _said(command: str, *arguments: str) -> str:
    if which(command) is None:
        return ""
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _read(path: Path) -> Report:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except msgspec.MsgspecError as error:
        raise msgspec.ValidationError(f"{path}: {error}") from error


def chosen(names: Sequence[Path]) -> tuple[Report, Report]:
    """Those of that name, or the newest that can be compared; exits and says what to do if none."""
    if names:
        older, newer = (_read(path) for path in names)
        if not comparable(older, newer):
            raise SystemExit(
                "nothing to compare: the two reports share no benchmark of the same size; "
                "run one again with the sizes of the other (`make bench BENCH=--help`)"
            )
        return older, newer
    paths = sorted(_folder().glob("*.json"), reverse=True)
    pair = newest_pair(_read(path) for path in paths)
    if pair is None:
        raise SystemExit(
            f"nothing to compare: of {len(paths)} reports in {_folder()} no two share a benchmark "
            'of the same size; run one twice, say `make bench BENCH="drain --orders 50000"`'
        )
    return pair


def main() -> None:
    """Set two files side by side."""
    parser = argparse.ArgumentParser(prog="make bench-compare", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="an older report and a newer one")
    names = parser.parse_args().files
    if len(names) not in (0, 2):
        parser.error(f"needs two reports or none, not {len(names)}; `make bench` writes one")
    try:
        older, newer = chosen(names)
    except (OSError, msgspec.MsgspecError) as error:
        parser.error(f"{error}; name two reports that `make bench` of this version wrote")
    Console().print(compare(older, newer))


if __name__ == "__main__":
    main()
