"""How benchmarks are run: what is refused, what a failure leaves, and on whose servers."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fraud_core.settings import load_settings
from tests.benchmarks import own_stack
from tests.benchmarks.__main__ import benches, run_all
from tests.benchmarks.harness import Bench, Found, Wishes
from tests.benchmarks.own_stack import as_shipped, environment, wait_until
from tests.benchmarks.report import Machine, Report, path_of

NOTHING = Machine(
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


def works(_: Wishes) -> Found:
    return Found(rounds=1, ratios={}, figures={})


def fails(_: Wishes) -> Found:
    raise RuntimeError("no broker")


def test_one_that_fails_leaves_the_others_and_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_HOME", str(tmp_path))
    report = Report(
        began_at=datetime(2026, 1, 1, tzinfo=UTC),
        load_at_start=(0, 0, 0),
        machine=NOTHING,
        results={},
    )
    asked = [
        Bench(name="one", about="", run=works),
        Bench(name="two", about="", run=fails),
        Bench(name="three", about="", run=works),
    ]
    assert run_all(asked, Wishes(), report) == ["two"]
    assert list(report.results) == ["one", "three"]
    assert b'"three"' in path_of(report).read_bytes()


def test_too_small_a_history_is_refused_before_it_runs() -> None:
    history = benches()["history"]
    assert history.refusal(Wishes()) == ""
    assert history.refusal(Wishes(orders=250_000)) == (
        "history needs --orders 250,001 or more, not 250,000"
    )


def test_a_child_hears_of_no_servers_and_settings_but_the_stacks_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "users.example.org:9092")
    monkeypatch.setenv("scorer_form", "python")
    settings = as_shipped(fraud_home=tmp_path, postgres_host="127.0.0.1", postgres_password="p")
    child = environment(settings)
    assert "KAFKA_BOOTSTRAP_SERVERS" not in child
    assert "scorer_form" not in child
    assert child["POSTGRES_PASSWORD"] == "p"
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS")
    monkeypatch.delenv("scorer_form")
    for name, value in child.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_waiting_ends_when_the_consumer_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "exit(3)"]) as consumer:
        consumer.wait()
        with pytest.raises(RuntimeError, match="ended with code 3"):
            wait_until(lambda: 0, 1, consumer, every=0.01)


def test_waiting_ends_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_stack, "PATIENCE_SECONDS", 0.1)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as consumer:
        with pytest.raises(RuntimeError, match="nothing new"):
            wait_until(lambda: 0, 1, consumer, every=0.01)
        consumer.kill()
