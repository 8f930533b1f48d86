"""Where the migrations are looked for."""

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from fraud_core import migrations
from fraud_core.errors import SettingsError
from fraud_core.migrations import migrate
from fraud_core.settings import Settings


def test_a_project_without_migrations_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before in ("_lone_migration", "_ensure_login", "set_limits"):
        monkeypatch.setattr(migrations, before, MagicMock())
    with pytest.raises(SettingsError, match=f"FRAUD_PROJECT: there is no folder {tmp_path}"):
        migrate(Settings(fraud_project=tmp_path))
