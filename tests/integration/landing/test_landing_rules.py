"""Rules and lists come into force between two orders, and only when they can be used."""

import shutil
from pathlib import Path

import pytest
from landing_support import Ledger, Publish, StartConsumer, eventually, order

from fraud_core.settings import Settings
from fraud_stream.scoring.rules.book import read_rule_book

pytestmark = pytest.mark.integration


@pytest.fixture
def ruled_settings(stream_settings: Settings, tmp_path: Path) -> Settings:
    """Settings with rule files of their own, which a test may change."""
    for path in (stream_settings.rules_path, stream_settings.lists_path):
        shutil.copy(path, tmp_path / path.name)
    return stream_settings.model_copy(
        update={
            "rules_file": tmp_path / stream_settings.rules_file.name,
            "lists_file": tmp_path / stream_settings.lists_file.name,
        }
    )


def land(publish: Publish, ledger: Ledger, number: int) -> str:
    """Publish one order and wait for it; returns the rule set that decided it."""
    publish([(0, order(number))])
    query = "select max(rule_set_version) from raw.transaction_decisions where transaction_id = %s"
    eventually("it lands", lambda: ledger.value(query, f"t-{number}") is not None)
    return ledger.value(query, f"t-{number}")


def test_a_new_version_counts_from_the_next_order_on_without_a_restart(
    ruled_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    start_consumer(ruled_settings)
    before = land(publish, ledger, 1)
    text = ruled_settings.rules_path.read_text()
    ruled_settings.rules_path.write_text(text.replace(f"version: {before}", "version: next"))
    assert land(publish, ledger, 2) == "next"
    assert ledger.value("select epoch from raw.scorer_lease") == 1


def test_the_rules_of_every_version_that_decides_are_noted_once(
    ruled_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    def noted() -> set[tuple[str, str, str]]:
        rows = ledger.rows("select rule_set_version, rule_id, mode from raw.rule_set_rules")
        return set(rows)

    def of(path: Path) -> set[tuple[str, str, str]]:
        book = read_rule_book(path.read_text())
        return {(book.version, rule.rule.id, rule.rule.state) for rule in book.evaluated}

    path = ruled_settings.rules_path
    start_consumer(ruled_settings)
    before = land(publish, ledger, 1)
    first = of(path)
    assert noted() == first
    text = path.read_text().replace(f"version: {before}", "version: next")
    path.write_text(text.replace("state: active", "state: shadow", 1))
    land(publish, ledger, 2)
    assert noted() == first | of(path)
    assert {mode for *_, mode in of(path)} == {"active", "shadow"}


@pytest.mark.parametrize("text", ["version: [", "version: next\nrules: []\n", "\0"])
def test_a_broken_new_version_is_refused_and_the_old_one_goes_on(
    ruled_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    text: str,
) -> None:
    start_consumer(ruled_settings)
    before = land(publish, ledger, 1)
    ruled_settings.rules_path.write_text(text)
    assert land(publish, ledger, 2) == before


def test_other_rules_under_the_same_version_are_refused(
    ruled_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    process = start_consumer(ruled_settings)
    land(publish, ledger, 1)
    path = ruled_settings.rules_path
    path.write_text(path.read_text().replace("review: 0.4", "review: 0.3"))
    land(publish, ledger, 2)
    eventually("it says so", lambda: process.said("give it another"))
