"""What the stack keeps on disk is its user's alone."""

from pathlib import Path

import pytest

from fraud_core.errors import SettingsError
from fraud_local.state import StateFolder


def test_its_folders_and_its_lock_are_closed_to_others(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "home")
    folder.make()
    with folder.locked():
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.root.iterdir()}
    assert modes.pop("lock") == 0o600
    assert set(modes.values()) == {0o700}
    assert {"dbt", "exports", "kafka", "airflow", "logs", "run"} <= modes.keys()


@pytest.mark.parametrize("within", ["file", "file/home"])
def test_a_home_that_cannot_be_a_folder_names_the_variable(tmp_path: Path, within: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"FRAUD_HOME: .*file.* cannot be made a folder"):
        StateFolder(tmp_path / within).make()


def test_a_lock_that_others_could_open_is_closed_to_them(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    (tmp_path / "lock").touch(0o644)
    with folder.locked():
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
