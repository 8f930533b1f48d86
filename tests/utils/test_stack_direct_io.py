"""Whether files can be written past the system's cache is tried out, and leaves nothing behind."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from fraud_local.direct_io import takes_direct_writes


def test_the_answer_is_that_of_the_file_system(tmp_path: Path) -> None:
    def opens() -> bool:
        try:
            os.close(os.open(tmp_path / "mine", os.O_WRONLY | os.O_CREAT | os.O_DIRECT))
        except (AttributeError, OSError):
            return False
        return True

    expected = opens()
    (tmp_path / "mine").unlink(missing_ok=True)

    assert takes_direct_writes(tmp_path) is expected
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["open", "write"])
def test_a_file_system_that_refuses_says_no_and_nothing_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: Any) -> int:
        raise OSError(errno.EINVAL, "not like this")

    monkeypatch.setattr(os, call, refuse)

    assert takes_direct_writes(tmp_path) is False
    assert list(tmp_path.iterdir()) == []


def test_a_system_without_them_says_no(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_DIRECT", raising=False)

    assert takes_direct_writes(tmp_path) is False
