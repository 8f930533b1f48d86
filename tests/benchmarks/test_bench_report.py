"""`make bench-compare`: which reports it sets side by side, and when it has nothing to show."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console

from tests.benchmarks.harness import Bench, Found, Wishes
from tests.benchmarks.report import (
    Machine,
    Measured,
    Report,
    chosen,
    comparable,
    compare,
    newest_pair,
)

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
MACHINE = Machine(
    cores=2,
    cpu="",
    memory_gb=8,
    system="",
    python="",
    postgres="",
    kafka="",
    librdkafka="",
    commit="",
)


def report(day: int, **sizes: dict[str, float] | None) -> Report:
    """One of that day, with benchmarks of these sizes."""
    found = Found(rounds=5, ratios={"of COPY": 0.4}, figures={"orders a second": 20_000})
    return Report(
        began_at=BEGAN + timedelta(days=day),
        load_at_start=(0, 0, 0),
        machine=MACHINE,
        results={
            name: Measured(found=found, sizes=size, load=(0, 0), seconds=1)
            for name, size in sizes.items()
        },
    )


def shown(older: Report, newer: Report) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(compare(older, newer))
    return " ".join(capture.get().split())


def saved(folder: Path, *reports: Report) -> list[Path]:
    paths = [folder / f"{number}.json" for number in range(len(reports))]
    for path, each in zip(paths, reports, strict=True):
        path.write_bytes(msgspec.json.encode(each))
    return paths


def test_newest_reports_that_share_a_benchmark_are_taken() -> None:
    drains = [report(1, drain={"orders": 5.0}), report(2, drain={"orders": 5.0})]
    newest_first = [report(3, latency={}), drains[1], report(1, landing={}), drains[0]]
    assert newest_pair(newest_first) == (drains[0], drains[1])


def test_no_more_reports_are_read_than_it_takes() -> None:
    newest_first = iter([report(3, drain={}), report(2, drain={}), report(1, drain={})])
    newest_pair(newest_first)
    assert [left.began_at for left in newest_first] == [BEGAN + timedelta(days=1)]


def test_a_benchmark_in_another_size_is_not_comparable() -> None:
    small, large = report(1, drain={"orders": 50_000}), report(2, drain={"orders": 1_000_000})
    assert comparable(small, large) == []
    assert newest_pair([large, small]) is None


def test_a_benchmark_in_another_size_is_left_out_and_named() -> None:
    small = report(1, drain={"orders": 50_000}, decode={})
    large = report(2, drain={"orders": 1_000_000}, decode={})
    text = shown(small, large)
    assert "left out, of different sizes: drain: orders 50,000 and orders 1,000,000" in text
    assert "decode" in text
    assert "│ drain" not in text


def test_another_machine_and_other_rounds_are_named() -> None:
    older, newer = report(1, drain={}, decode={}), report(2, drain={}, decode={})
    newer = replace(newer, machine=replace(MACHINE, cpu="EPYC", commit="v2"))
    once = replace(newer.results["drain"].found, rounds=1)
    newer.results["drain"] = replace(newer.results["drain"], found=once)
    text = shown(older, newer)
    assert "not the same machine, cpu: unknown and EPYC" in text
    assert "not the same rounds, drain: medians of 5 and one run" in text
    assert "commit:" not in text
    assert "decode:" not in text


def test_a_benchmark_that_only_the_newer_report_has_is_passed_over() -> None:
    older, newer = report(1, drain={}), report(2, drain={}, latency={"rate": 1_000})
    assert comparable(older, newer) == ["drain"]
    assert "latency" not in shown(older, newer)


def test_a_report_from_before_sizes_were_kept_is_read_and_marked(tmp_path: Path) -> None:
    old, new = saved(tmp_path, report(1, drain=None), report(2, drain={"orders": 5.0}))
    before = json.loads(old.read_bytes())
    del before["results"]["drain"]["sizes"]
    old.write_text(json.dumps(before), encoding="utf-8")
    older, newer = chosen([old, new])
    assert "drain (sizes not known)" in shown(older, newer)


def test_named_reports_with_nothing_in_common_end_with_what_to_do(tmp_path: Path) -> None:
    paths = saved(tmp_path, report(1, drain={}), report(2, latency={}))
    with pytest.raises(SystemExit, match=r"nothing to compare.*run one again") as ended:
        chosen(paths)
    assert isinstance(ended.value.code, str)  # the interpreter prints it and exits with 1


def test_a_folder_without_a_pair_ends_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_HOME", str(tmp_path))
    (tmp_path / "bench").mkdir()
    saved(tmp_path / "bench", report(1, drain={}), report(2, latency={}))
    with pytest.raises(SystemExit, match=r"of 2 reports .* no two share.*run one twice"):
        chosen([])


def test_sizes_are_those_asked_for_or_else_the_benchmarks_own() -> None:
    def run(_: Wishes) -> Found:
        return Found(rounds=1, ratios={}, figures={})

    bench = Bench(name="drain", about="", run=run, sizes={"orders": 50_000})
    asked = Wishes(rate=3_000)
    assert bench.sizes_for(asked) == {"orders": 50_000}
    assert bench.sized(asked) == Wishes(orders=50_000, rate=3_000)
    assert bench.sizes_for(Wishes(orders=7)) == {"orders": 7}
