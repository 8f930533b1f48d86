"""Make the passwords and keys of the containers, once: one file each, in `secrets/`.

Run by `make secrets`, before anything is installed, so it uses nothing but Python itself. A secret
that is there stays.
"""

import base64
import contextlib
import os
import re
import secrets
import stat
import sys
from pathlib import Path

FOLDER = "secrets"

NAMES = (
    "postgres_superuser_password",
    "postgres_password",
    "consumer_password",
    "dbt_password",
    "analyst_password",
    "airflow_db_password",
    "airflow_password",
    "airflow_fernet_key",
    "airflow_signing_secret",
    "pseudonym_key",
    "kafka_admin_password",
    "kafka_producer_password",
    "kafka_consumer_password",
    "kafka_replay_password",
    "grafana_password",
    "grafana_secret_key",
)

GIVEN = ("notify_webhook_url", "smtp_password")
"""Only their owner knows these; empty, which is as good as unset, until he writes them down."""


def new_secret(name: str) -> str:
    """256 random bits in letters that no file format minds; Fernet's own form for its key."""
    random = secrets.token_bytes(32)
    if name == "airflow_fernet_key":
        return base64.urlsafe_b64encode(random).decode()
    return base64.urlsafe_b64encode(random).decode().rstrip("=").replace("-", "x").replace("_", "y")


def make_secrets(folder: Path) -> list[str]:
    """Make those that are missing; returns their names.

    The folder is its owner's alone, who can write a new value into a file. All can read the files,
    because each is mounted into containers whose users this machine does not know.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    made: list[str] = []
    for name in NAMES:
        file = folder / name
        if file.exists() and file.read_text().strip():
            continue
        _write(file, new_secret(name), 0o644)
        made.append(name)
    for name in GIVEN:
        (folder / name).touch()
        (folder / name).chmod(0o644)  # whatever the umask takes away
    return made


def tell_compose(env_file: Path, folder: str) -> None:
    """Write the folder into `.env`, where docker compose reads it; its owner and mode stay."""
    line = f"SECRETS_DIR=./{folder}"
    text = env_file.read_text()
    pattern = re.compile(r"^#?SECRETS_DIR=.*$", re.MULTILINE)
    text = pattern.sub(line, text) if pattern.search(text) else f"{text.rstrip()}\n{line}\n"
    before = env_file.stat()
    _write(env_file, text, stat.S_IMODE(before.st_mode))
    with contextlib.suppress(PermissionError):  # only root gives a file back to whose it was
        os.chown(env_file, before.st_uid, before.st_gid)


def _write(file: Path, text: str, mode: int) -> None:
    """Whole or not at all, over what a killed run left, and never readable by more than `mode`."""
    unfinished = file.with_name(f".{file.name.lstrip('.')}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.chmod(mode)
    unfinished.replace(file)


def main(root: Path) -> None:
    """Make them in `root`, whose `.env` must be there."""
    env_file = root / ".env"
    if not env_file.exists():
        sys.exit("there is no .env: first `cp .env.example .env`")
    made = make_secrets(root / FOLDER)
    tell_compose(env_file, FOLDER)
    print(f"made {len(made)} of {len(NAMES)} secrets in {FOLDER}{os.sep}; the others were there")
    print(f"the Airflow UI's login is AIRFLOW_USER of .env, with {FOLDER}/airflow_password")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve())
