"""Where the embedded server's data live, and whom its owner must not be."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from fraud_core.errors import SettingsError
from fraud_core.settings import load_settings
from fraud_local.account import Account
from fraud_local.postgres import Postgres, choose_home


def test_the_owner_is_not_the_superuser() -> None:
    settings = load_settings(postgres_user="postgres", postgres_password="secret")
    with pytest.raises(SettingsError, match="POSTGRES_USER: postgres"):
        Postgres.make_owner(Mock(), settings, "another")


def test_clones_whose_paths_read_alike_keep_their_data_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fraud_local.postgres.OUTSIDE", (tmp_path / "outside",))
    monkeypatch.setattr("fraud_local.postgres.can_reach", Mock(return_value=False))
    folders = [tmp_path / "a-b" / "c", tmp_path / "a" / "b-c"]
    for folder in (tmp_path / "outside", *folders):
        folder.mkdir(parents=True)
    first, second = [choose_home(folder, None, Mock(spec=Account)) for folder in folders]
    assert first != second
    assert first.is_dir()
