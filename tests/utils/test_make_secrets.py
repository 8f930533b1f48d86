"""`make secrets`: passwords and keys for the containers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from fraud_core.settings import REPOSITORY
from fraud_local.make_secrets import GIVEN, NAMES, main, make_secrets


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the `.env` that the README makes."""
    (tmp_path / ".env").write_text((REPOSITORY / ".env.example").read_text())
    return tmp_path


def test_every_secret_is_made_and_no_two_are_alike(tmp_path: Path) -> None:
    assert make_secrets(tmp_path / "secrets") == list(NAMES)
    values = [(tmp_path / "secrets" / name).read_text() for name in NAMES]
    assert len(set(values)) == len(NAMES)
    assert all(len(value) >= 40 for value in values)


def test_what_is_there_stays_and_what_is_empty_is_made(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    first = (tmp_path / "secrets" / "dbt_password").read_text()
    (tmp_path / "secrets" / "consumer_password").unlink()
    (tmp_path / "secrets" / "consumer_password").write_text("")
    assert make_secrets(tmp_path / "secrets") == ["consumer_password"]
    assert (tmp_path / "secrets" / "dbt_password").read_text() == first


def test_nobody_else_gets_into_the_folder(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_airflow_takes_its_key(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    key = (tmp_path / "secrets" / "airflow_fernet_key").read_text()
    assert Fernet(key.encode()).decrypt(Fernet(key.encode()).encrypt(b"text")) == b"text"


def test_compose_is_told_the_folder_once(checkout: Path) -> None:
    main(checkout)
    main(checkout)
    lines = (checkout / ".env").read_text().splitlines()
    assert [line for line in lines if "SECRETS_DIR" in line] == ["SECRETS_DIR=./secrets"]


def test_no_secret_is_printed(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(checkout)
    printed = capsys.readouterr().out
    assert not [n for n in NAMES if (checkout / "secrets" / n).read_text() in printed]


def test_without_env_file_it_says_what_comes_first(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"cp \.env\.example \.env"):
        main(tmp_path)


def test_it_needs_nothing_but_python(checkout: Path) -> None:
    """It runs before anything is installed."""
    script = REPOSITORY / "utils/fraud_local/make_secrets.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(checkout)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_env_file_keeps_its_mode(checkout: Path) -> None:
    (checkout / ".env").chmod(0o600)
    main(checkout)
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_env_file_stays_its_owners_when_root_makes_the_secrets(checkout: Path) -> None:
    os.chown(checkout / ".env", 12345, 12346)
    main(checkout)
    kept = (checkout / ".env").stat()
    assert (kept.st_uid, kept.st_gid) == (12345, 12346)


def test_containers_can_read_every_secret_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        make_secrets(tmp_path / "secrets")
    finally:
        os.umask(before)
    modes = {name: (tmp_path / "secrets" / name).stat().st_mode & 0o777 for name in NAMES + GIVEN}
    assert set(modes.values()) == {0o644}


def test_what_a_killed_run_left_unfinished_is_in_nobodys_way(checkout: Path) -> None:
    """A link to what cannot be written, because root may write any file."""
    make_secrets(checkout / "secrets")
    (checkout / "secrets" / "dbt_password").unlink()
    for left in (".env.unfinished", "secrets/.dbt_password.unfinished"):
        (checkout / left).symlink_to(checkout / "nowhere" / "file")
    main(checkout)
    assert (checkout / "secrets" / "dbt_password").read_text()
