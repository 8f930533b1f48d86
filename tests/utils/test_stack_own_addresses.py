"""Which addresses a stack takes for its own the next time that it hears of them."""

from pathlib import Path

import pytest

from fraud_core.errors import StackError
from fraud_core.settings import load_settings
from fraud_local import stack as stack_module
from fraud_local.ports import LOOPBACK
from fraud_local.stack import Stack
from fraud_local.state import Memory, StateFolder


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """`up` goes as far as to settle ports and addresses."""

    def stop_here(*_: object, **__: object) -> None:
        raise StackError("far enough")

    monkeypatch.setattr(stack_module, "make_parts", stop_here)


def after_up(home: Path, only: list[str], **given: object) -> Memory:
    nowhere = {"kafka_bootstrap_servers": None, "postgres_host": None}
    settings = load_settings(**{"fraud_home": home, **nowhere, **given})
    with pytest.raises(StackError, match="far enough"):
        Stack(settings).up(only)
    return StateFolder(home).recall()


def test_the_port_kept_for_a_broker_of_our_own_is_not_ours_beside_the_users(tmp_path: Path) -> None:
    """A broker that the user starts there later is not taken for the embedded one."""
    memory = after_up(tmp_path, ["kafka", "postgres"], kafka_bootstrap_servers="broker:9092")
    assert memory.own_addresses == [f"{LOOPBACK}:{memory.ports['postgres']}"]


def test_what_clients_hear_of_a_part_that_is_not_wanted_yet_is_ours(tmp_path: Path) -> None:
    """They come with it, as after `eval "$(fraud env)"`, when the part is wanted."""
    memory = after_up(tmp_path, ["postgres"])
    assert f"{LOOPBACK}:{memory.ports['kafka']}" in memory.own_addresses
