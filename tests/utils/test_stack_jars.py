"""A jar is used only when it is the one that the lock file means."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from fraud_core.errors import FetchError
from fraud_local.jars import LOCK_FILE, Jar, ensure_jars, read_lock

CONTENT = b"classes"
JAR = Jar("org.example", "thing", "1.2", hashlib.sha256(CONTENT).hexdigest())


def central(jar: Jar, folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / jar.filename
    path.write_bytes(CONTENT)
    return path


def somebody_else(jar: Jar, folder: Path) -> Path:
    path = central(jar, folder)
    path.write_bytes(b"other classes")
    return path


def nobody(_jar: Jar, _folder: Path) -> Path:
    raise ConnectionError("no route to host")


def quiet(_there: int, _all: int) -> None:
    return


def test_a_missing_jar_is_fetched(tmp_path: Path) -> None:
    ensure_jars([JAR], tmp_path, quiet, central)
    assert (tmp_path / JAR.filename).read_bytes() == CONTENT


def test_a_jar_that_is_there_needs_no_network(tmp_path: Path) -> None:
    ensure_jars([JAR], tmp_path, quiet, central)
    ensure_jars([JAR], tmp_path, quiet, nobody)


def test_a_damaged_jar_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / JAR.filename).write_bytes(b"clas")
    ensure_jars([JAR], tmp_path, quiet, central)
    assert (tmp_path / JAR.filename).read_bytes() == CONTENT


def test_a_jar_with_another_checksum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"org\.example:thing:1\.2.*SHA-256"):
        ensure_jars([JAR], tmp_path, quiet, somebody_else)
    assert list(tmp_path.glob("**/*.jar")) == []


def test_an_unreachable_registry_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as error:
        ensure_jars([JAR], tmp_path, quiet, nobody)
    for part in (str(JAR), "Maven Central", "no route to host", "KAFKA_BOOTSTRAP_SERVERS"):
        assert part in str(error.value)


def test_a_jar_that_the_lock_does_not_name_is_removed(tmp_path: Path) -> None:
    (tmp_path / "stranger-1.jar").write_bytes(b"classes")
    ensure_jars([JAR], tmp_path, quiet, central)
    assert [path.name for path in tmp_path.glob("*.jar")] == [JAR.filename]


def test_the_progress_ends_with_all_of_them(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    jars = [JAR, Jar("org.example", "other", "1", JAR.sha256)]
    ensure_jars(jars, tmp_path, lambda there, of: seen.append((there, of)), central)
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_the_committed_lock_pins_every_jar_of_one_broker() -> None:
    jars = read_lock(LOCK_FILE.read_text())
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert len({jar.filename for jar in jars}) == len(jars)
    broker = {jar.version for jar in jars if jar.group == "org.apache.kafka"}
    assert len(broker) == 1


def test_what_a_killed_download_left_is_removed_and_one_that_runs_is_not(tmp_path: Path) -> None:
    left, running = tmp_path / "download-left", tmp_path / "download-running"
    for folder in (left, running):
        central(JAR, folder)
    two_days_ago = time.time() - 48 * 3600
    os.utime(left, (two_days_ago, two_days_ago))
    ensure_jars([JAR], tmp_path, quiet, central)
    assert (left.exists(), running.exists()) == (False, True)
