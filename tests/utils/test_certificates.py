"""An authority is there whole or not at all, whenever `fraud certificates` is killed."""

from pathlib import Path

import pytest

from fraud_local import certificates
from fraud_local.certificates import AUTHORITY, AUTHORITY_KEY, make_certificates

_write = certificates._write  # pyright: ignore[reportPrivateUsage] - the moment of the kill


@pytest.mark.parametrize("writes", range(5))
def test_a_run_that_was_killed_after_any_file_is_made_good_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    done: list[Path] = []

    def killed(path: Path, content: bytes, mode: int) -> Path:
        if len(done) == writes:
            raise KeyboardInterrupt
        done.append(_write(path, content, mode))
        return done[-1]

    with monkeypatch.context() as patched:
        patched.setattr(certificates, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            make_certificates(tmp_path, ["localhost"])

    made = make_certificates(tmp_path, ["localhost"])

    assert {tmp_path / AUTHORITY, tmp_path / AUTHORITY_KEY} <= set(made)
    assert len([path for path in made if path.exists()]) == 5
