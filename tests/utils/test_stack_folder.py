"""What the stack keeps on disk is its user's alone."""

from pathlib import Path

from fraud_local.state import StateFolder


def test_its_folders_and_its_lock_are_closed_to_others(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "home")
    folder.make()
    with folder.locked():
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.root.iterdir()}
    assert modes.pop("lock") == 0o600
    assert set(modes.values()) == {0o700}
    assert {"dbt", "exports", "kafka", "airflow", "logs", "run"} <= modes.keys()


def test_a_lock_that_others_could_open_is_closed_to_them(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    (tmp_path / "lock").touch(0o644)
    with folder.locked():
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
