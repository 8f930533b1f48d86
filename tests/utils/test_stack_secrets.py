"""The user's own secrets in a stack's state folder: how they come there, and how they go."""

from pathlib import Path

import pytest

from fraud_core.errors import StackError
from fraud_core.settings import load_settings
from fraud_local import env_file, stack
from fraud_local.stack import Stack


def test_down_forgets_the_secrets_that_only_the_user_can_give(tmp_path: Path) -> None:
    written = {"KAFKA_ADMIN_PASSWORD": "mine", "POSTGRES_PORT": "5433", "DBT_PASSWORD": "made up"}
    env_file.write(tmp_path / "env", written)
    Stack(load_settings(fraud_home=tmp_path)).down()
    assert env_file.read(tmp_path / "env") == {"DBT_PASSWORD": "made up"}


def test_up_refuses_a_secret_with_two_values_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SMTP_PASSWORD=one\n")
    monkeypatch.setattr(stack, "REPOSITORY", tmp_path)
    monkeypatch.setenv("SMTP_PASSWORD", "other")
    home = tmp_path / "home"
    with pytest.raises(StackError, match="SMTP_PASSWORD"):
        Stack(load_settings(fraud_home=home)).up(only=["no such part"])
    assert not home.exists()
