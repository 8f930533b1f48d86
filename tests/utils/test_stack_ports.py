"""Ports are the usual ones, or the next free ones, and stay the same."""

import json
import os
import socket
import tempfile
from pathlib import Path

import psutil
import pytest
from free_ports import free_port, free_ports

from fraud_core.errors import StackError
from fraud_local.ports import LOOPBACK, Reservations, choose, is_free

USUAL = {"kafka": 9092, "kafka-controller": 9093, "postgres": 5432}


def everything_is_free(_port: int) -> bool:
    return True


def test_the_usual_ports_are_taken_first() -> None:
    assert choose(USUAL, {}, everything_is_free) == USUAL


def test_a_taken_port_is_stepped_around() -> None:
    ports = choose(USUAL, {}, lambda port: port != 5432)
    assert ports["postgres"] == 5433


def test_two_parts_never_share_a_port() -> None:
    ports = choose(USUAL, {}, lambda port: port != 9092)
    assert ports["kafka"] == 9093
    assert ports["kafka-controller"] == 9094


def test_a_remembered_port_comes_before_the_usual_one() -> None:
    assert choose(USUAL, {"kafka": 9500}, everything_is_free)["kafka"] == 9500


def test_a_remembered_port_that_is_taken_is_given_up() -> None:
    assert choose(USUAL, {"kafka": 9500}, lambda port: port != 9500)["kafka"] == 9092


def test_a_port_that_the_user_names_comes_before_the_remembered_one() -> None:
    ports = choose(USUAL, {"postgres": 5500}, everything_is_free, {"postgres"})
    assert ports["postgres"] == 5432


def test_if_the_port_that_the_user_names_is_taken_the_remembered_one_stays() -> None:
    ports = choose(USUAL, {"postgres": 5500}, lambda port: port != 5432, {"postgres"})
    assert ports["postgres"] == 5500


def test_no_free_port_at_all_is_said() -> None:
    with pytest.raises(LookupError, match="kafka"):
        choose(USUAL, {}, lambda _port: False)


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_a_port_that_a_living_stack_has_chosen_is_not_free(tmp_path: Path) -> None:
    free = {"kafka": free_port()}
    first = Reservations(tmp_path).choose(free, {})
    second = Reservations(tmp_path).choose(free, {})
    assert second["kafka"] != first["kafka"]


def test_the_port_of_a_dead_stack_is_free_again(tmp_path: Path) -> None:
    free = {"kafka": free_port()}
    reservations = Reservations(tmp_path)
    chosen = reservations.choose(free, {})
    reservations.hand_over(chosen.values(), _dead_process())
    assert reservations.choose(free, {}) == chosen


def test_the_ports_that_a_dead_stack_had_stay_its_own_while_it_comes_back(tmp_path: Path) -> None:
    had = {"kafka": free_port()}
    Reservations(tmp_path).claim(had.values())
    assert Reservations(tmp_path).choose(had, {}) != had
    assert Reservations(tmp_path).choose({"kafka": free_port()}, had) == had


def test_a_reserved_port_is_left_for_the_one_that_the_user_names(tmp_path: Path) -> None:
    had, named = ({"postgres": port} for port in free_ports("had", "named").values())
    reservations = Reservations(tmp_path)
    reservations.claim(had.values())
    assert reservations.choose(named, had, {"postgres"}) == named


def test_nobody_claims_what_another_living_stack_holds(tmp_path: Path) -> None:
    had = {"kafka": free_port()}
    reservations = Reservations(tmp_path)
    reservations.hand_over(had.values(), os.getppid())
    reservations.claim(had.values())
    assert reservations.choose(had, had) != had


def test_a_stranger_with_the_number_of_a_dead_holder_holds_nothing(tmp_path: Path) -> None:
    port = free_port()
    before = psutil.Process(os.getppid()).create_time() - 3600
    (tmp_path / "ports.json").write_text(json.dumps({port: [os.getppid(), before]}))
    assert Reservations(tmp_path).choose({"kafka": port}, {}) == {"kafka": port}


def test_a_holder_without_its_start_counts_as_long_as_it_lives(tmp_path: Path) -> None:
    """As earlier versions wrote it."""
    living, dead = free_ports("living", "dead").values()
    (tmp_path / "ports.json").write_text(json.dumps({living: os.getppid(), dead: _dead_process()}))
    reservations = Reservations(tmp_path)
    assert reservations.choose({"kafka": living}, {}) != {"kafka": living}
    assert reservations.choose({"postgres": dead}, {}) == {"postgres": dead}


@pytest.mark.parametrize("plant", ["link", "dangling link", "file", "open to others"])
def test_a_folder_that_is_not_ours_alone_is_refused_with_the_way_out(
    tmp_path: Path, plant: str
) -> None:
    folder, theirs = tmp_path / "fraud-ports", tmp_path / "theirs"
    match plant:
        case "link":
            theirs.mkdir(mode=0o700)
            folder.symlink_to(theirs)
        case "dangling link":
            folder.symlink_to(theirs)
        case "file":
            folder.touch(mode=0o600)
        case _:
            folder.mkdir()
            folder.chmod(0o777)
    with pytest.raises(StackError, match=r"fraud-ports is not .* TMPDIR"):
        Reservations(folder)


def test_another_users_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: nobody)
    with pytest.raises(StackError, match="not a folder of this user alone"):
        Reservations(tmp_path)


def test_the_folder_in_the_temporary_one_is_looked_at_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"fraud-ports-{os.geteuid()}").symlink_to(tmp_path)
    with pytest.raises(StackError, match="fraud-ports"):
        Reservations()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "planted")
    with pytest.raises(StackError, match=r"lock cannot be opened .* remove it"):
        Reservations(tmp_path).claim([1])
    assert not (tmp_path / "planted").exists()


def _dead_process() -> int:
    child = os.posix_spawn("/bin/sh", ["sh", "-c", "exit"], {})
    os.waitpid(child, 0)
    return child
