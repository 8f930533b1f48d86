"""Airflow's parts in containers: the same configuration as the embedded one, made at the start.

`python -m fraud_local.airflow_container scheduler` writes `airflow.cfg` into AIRFLOW_HOME, which is
memory there, and becomes that part; `migrate` makes Airflow's tables.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fraud_core.errors import SettingsError
from fraud_core.settings import Settings, load_settings
from fraud_local.airflow import as_file, configuration, log_folders
from fraud_local.env_file import AIRFLOW_FERNET_KEY, AIRFLOW_SIGNING_SECRET
from fraud_local.healthy import AIRFLOW_PORT, PART
from fraud_local.state import write_private

LOGS = Path("/var/log/airflow")
"""A volume that all parts share: tasks write there, the API server reads, housekeeping forgets."""

PARTS = {
    "migrate": ("db", "migrate"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server",),
}


def sections(
    settings: Settings, home: Path, secrets: Mapping[str, str], api_host: str
) -> dict[str, Any]:
    """Airflow's configuration by section; the API listens for the other containers too."""
    found = configuration(settings, home, secrets)
    api = f"http://{api_host}:{AIRFLOW_PORT}"
    found["core"]["execution_api_server_url"] = f"{api}/execution/"
    found["api"] |= {"host": "0.0.0.0", "port": AIRFLOW_PORT}  # noqa: S104 - the container's own network
    found["logging"] |= log_folders(LOGS)
    # Nobody changes files in a container, and a second of idling costs less than ten looks.
    found["scheduler"]["scheduler_idle_sleep_time"] = 1
    return found


def main(arguments: list[str]) -> None:
    """Become a part, whose name for `fraud_local.healthy` is left beside its configuration."""
    part = arguments[0] if arguments else ""
    if part not in PARTS:
        sys.exit(f"which part? one of {', '.join(PARTS)}")
    home, api_host = Path(os.environ["AIRFLOW_HOME"]), os.environ["AIRFLOW_API_HOST"]
    home.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    secrets = _secrets(settings)
    write_private(home / "airflow.cfg", as_file(sections(settings, home, secrets, api_host)))
    logins = {settings.airflow_user: secrets["AIRFLOW_PASSWORD"]}
    write_private(home / "passwords.json", json.dumps(logins))
    (home / PART).write_text(part)
    os.execvp("airflow", ["airflow", *PARTS[part]])  # noqa: S606 - a fixed list, no shell


def _secrets(settings: Settings) -> dict[str, str]:
    """The two that only Airflow knows, and the operator's password."""
    if settings.airflow_password is None:
        raise SettingsError("AIRFLOW_PASSWORD is not set: run `make secrets`")
    found = {"AIRFLOW_PASSWORD": settings.airflow_password.get_secret_value()}
    for name in (AIRFLOW_FERNET_KEY, AIRFLOW_SIGNING_SECRET):
        file = (settings.fraud_secrets or Path()) / name.lower()
        if not file.is_file():
            raise SettingsError(f"{name} is not set: there is no {file}: run `make secrets`")
        found[name] = file.read_text().strip()
    return found


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
