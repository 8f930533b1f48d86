"""`make` makes an environment anew whose set-up was interrupted."""

import shutil
import subprocess
from pathlib import Path

import pytest

from fraud_core.settings import REPOSITORY

PYTHON = """\
#!/bin/sh
case $* in
  "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python;
    printf '#!/bin/sh\\nexit %s\\n' "$PIP_EXITS" > .venv/bin/pip
    printf '#!/bin/sh\\nexit 0\\n' > .venv/bin/uv
    chmod +x .venv/bin/pip .venv/bin/uv ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The Makefile with what the set-up depends on, and an interpreter that installs nothing."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    for name in ("requirements/dev.txt", "requirements/uv.txt", "pyproject.toml", "hatch_build.py"):
        (tmp_path / name).touch()
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def set_up(clone: Path, *, pip_exits: int = 0) -> int:
    return subprocess.run(
        ["make", "setup", f"PYTHON={clone / 'python'}"],
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "PIP_EXITS": str(pip_exits)},
        check=False,
        capture_output=True,
    ).returncode


def test_a_set_up_that_was_interrupted_begins_anew(clone: Path) -> None:
    assert set_up(clone, pip_exits=1) != 0
    (clone / ".venv" / "half a package").touch()

    assert set_up(clone) == 0
    assert not (clone / ".venv" / "half a package").exists()


def test_a_set_up_that_is_done_stays(clone: Path) -> None:
    assert set_up(clone) == 0
    (clone / ".venv" / "a package").touch()

    assert set_up(clone) == 0
    assert (clone / ".venv" / "a package").exists()


def test_an_upgrade_that_was_interrupted_begins_anew(clone: Path) -> None:
    assert set_up(clone) == 0
    (clone / ".venv" / "half a package").touch()
    (clone / ".venv" / "bin" / "pip").write_text("#!/bin/sh\nexit 1\n")
    (clone / "requirements" / "dev.txt").touch()

    assert set_up(clone) != 0
    assert set_up(clone) == 0
    assert not (clone / ".venv" / "half a package").exists()
