"""Postgres refuses to run as root: then it runs as an unprivileged user that exists already."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fraud_core.errors import StackError

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the system."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Whom to run Postgres as, or None when we are not root and it runs as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise StackError(
        "Postgres does not run as root, and there is no user 'postgres' or 'nobody' to run it as. "
        "Run as another user, or set POSTGRES_HOST to use a server that you already have"
    )


def run_as(
    account: Account | None, command: Sequence[str | Path]
) -> subprocess.CompletedProcess[str]:
    """Run a short command as `account`; a command it cannot reach ends with a non-zero code."""
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except PermissionError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))


def can_reach(account: Account | None, folder: Path) -> bool:
    """Whether `account` may pass through every folder down to `folder`."""
    return run_as(account, ["/bin/sh", "-c", 'test -x "$1"', "sh", folder]).returncode == 0
