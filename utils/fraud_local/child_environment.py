"""The environment of supervised processes: this stack's addresses, and no secrets."""

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from fraud_core.settings import Settings
from fraud_local.env_file import ADDRESSES, SECRETS
from fraud_local.survivors import MARKER

_TAKES_THEM = ("AIRFLOW_", "DBT_", "PG")
"""What Airflow, dbt and libpq heed begins with these."""

_OURSELVES = "127.0.0.1,localhost"


def inherited() -> dict[str, str]:
    """This process's environment without the platform's variables, and those of what it runs.

    A shell that evaluated `fraud env` for another stack must not lead this one's children there,
    nor one whose Airflow, dbt or psql is set up for another database.
    """
    ours = {name.upper() for name in Settings.model_fields}
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper() not in ours and not name.startswith(_TAKES_THEM)
    }


def for_supervisor(root: str) -> dict[str, str]:
    """What is inherited, and the marker."""
    return {**inherited(), MARKER: root}


def for_children(settings: Settings, root: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """What our own programs need beside that: where this stack is, and what the user set.

    Secrets stay out: children read them from the state folder, whose files only we can read. Their
    digest makes the supervisor see that one has changed; it tells nothing of a short password,
    because long random secrets are always among them.
    """
    plain = Settings.model_fields.keys() - set(SECRETS)
    given = {name: value for name, value in os.environ.items() if name.lower() in plain}
    addresses = {
        name: str(value)
        for name in ADDRESSES
        if (value := getattr(settings, name.lower())) is not None
    }
    return {
        **given,
        **addresses,
        "FRAUD_HOME": str(root),
        "FRAUD_PROJECT": str(settings.fraud_project),
        "FRAUD_SECRETS_DIGEST": _digest(secrets),
        "PATH": f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        # A proxy for the outside must not get what is meant for ourselves.
        "NO_PROXY": (direct := _without_a_proxy()),
        "no_proxy": direct,
    }


def _without_a_proxy() -> str:
    """The user's own hosts, and ourselves."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    return f"{given},{_OURSELVES}" if given else _OURSELVES


def _digest(secrets: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(secrets.items())).encode()).hexdigest()[:12]
