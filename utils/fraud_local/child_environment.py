"""The environment of supervised processes: this stack's addresses, and no secrets."""

import os
import sys
from pathlib import Path

from fraud_core.settings import Settings
from fraud_local.env_file import ADDRESSES, LIBPQ
from fraud_local.survivors import MARKER


def for_supervisor(root: str) -> dict[str, str]:
    """This process's environment without the platform's variables, and with the marker.

    A shell that evaluated `fraud env` for another stack must not lead this one's children there.
    """
    ours = {name.upper() for name in Settings.model_fields} | LIBPQ.keys()
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    return {**kept, MARKER: root}


def for_children(settings: Settings, root: Path) -> dict[str, str]:
    """What our own programs need beside that: where this stack is, and what the user set.

    Secrets stay out: children read them from the state folder, whose files only we can read.
    """
    given = {
        name: value
        for name, value in os.environ.items()
        if name.lower() in Settings.model_fields and not name.upper().endswith("_PASSWORD")
    }
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
        "PATH": f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        # A proxy for the outside must not get what is meant for ourselves.
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
