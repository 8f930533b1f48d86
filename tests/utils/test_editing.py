"""What is written to a place that a user named."""

from pathlib import Path

import pytest

from fraud_core.errors import DeadLetterError
from fraud_local.editing import write_for_oneself


def test_a_file_is_closed_to_others_and_a_link_to_it_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "value", tmp_path / "link"
    file.write_bytes(b"what was there, and was longer")
    file.chmod(0o644)
    link.symlink_to(file)

    write_for_oneself(link, b"\x00\xff")

    assert link.is_symlink()
    assert file.read_bytes() == b"\x00\xff"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_is_written_to_and_left_as_it_is(tmp_path: Path) -> None:
    """/dev/stdout, or a pipe."""
    before = Path("/dev/null").stat().st_mode
    write_for_oneself(Path("/dev/null"), b"x")
    assert Path("/dev/null").stat().st_mode == before
    with pytest.raises(DeadLetterError, match=r"--value-to: .*cannot be written"):
        write_for_oneself(tmp_path, b"x")
