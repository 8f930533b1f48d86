"""Airflow's parts in containers: the same configuration as the embedded one, made at the start.

`python -m fraud_local.airflow_container scheduler` writes `airflow.cfg` into AIRFLOW_HOME, which is
memory there, and becomes that part; `migrate` makes Airflow's tables, `healthy` asks the part.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from fraud_core.errors import SettingsError
from fraud_core.settings import Settings, load_settings
from fraud_local.airflow import as_file, configuration
from fraud_local.env_file import AIRFLOW_FERNET_KEY, AIRFLOW_SIGNING_SECRET
from fraud_local.state import write_private

LOGS = Path("/var/log/airflow")
"""A volume that the API server shares with the scheduler, whose tasks write there."""

PORT = 8080

PARTS = {
    "migrate": ("db", "migrate"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server",),
}


def sections(settings: Settings, home: Path, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Airflow's configuration by section; the API listens for the other containers too."""
    found = configuration(settings, home, secrets)
    api = f"http://{os.environ.get('AIRFLOW_API_HOST', 'airflow-apiserver')}:{PORT}"
    found["core"]["execution_api_server_url"] = f"{api}/execution/"
    found["api"] |= {"host": "0.0.0.0", "port": PORT}  # noqa: S104 - the container's own network
    found["logging"]["base_log_folder"] = LOGS
    # Nobody changes files in a container, and a second of idling costs less than ten looks.
    found["scheduler"]["scheduler_idle_sleep_time"] = 1
    return found


def main(arguments: list[str]) -> None:
    """Become a part, or answer whether the part is well."""
    part = arguments[0] if arguments else ""
    if part == "healthy":
        sys.exit(0 if _is_healthy() else 1)
    if part not in PARTS:
        sys.exit(f"which part? one of {', '.join([*PARTS, 'healthy'])}")
    home = Path(os.environ["AIRFLOW_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    secrets = _secrets(settings)
    write_private(home / "airflow.cfg", as_file(sections(settings, home, secrets)))
    logins = {settings.airflow_user: secrets["AIRFLOW_PASSWORD"]}
    write_private(home / "passwords.json", json.dumps(logins))
    (home / "part").write_text(part)
    os.execvp("airflow", ["airflow", *PARTS[part]])  # noqa: S606 - a fixed list, no shell


def _secrets(settings: Settings) -> dict[str, str]:
    """The two that only Airflow knows, and the operator's password."""
    if settings.airflow_password is None:
        raise SettingsError("AIRFLOW_PASSWORD is not set: run `make secrets`")
    found = {"AIRFLOW_PASSWORD": settings.airflow_password.get_secret_value()}
    for name in (AIRFLOW_FERNET_KEY, AIRFLOW_SIGNING_SECRET):
        file = (settings.fraud_secrets or Path()) / name.lower()
        if not file.is_file():
            raise SettingsError(f"{name}: there is no file {file}: run `make secrets`")
        found[name] = file.read_text().strip()
    return found


def _is_healthy() -> bool:
    """What the API knows of the part that runs here; of itself, that it answers."""
    part = (Path(os.environ["AIRFLOW_HOME"]) / "part").read_text()
    host = (
        "127.0.0.1"
        if part == "api-server"
        else os.environ.get("AIRFLOW_API_HOST", "airflow-apiserver")
    )
    try:
        answer = httpx.get(
            f"http://{host}:{PORT}/api/v2/monitor/health", timeout=5, trust_env=False
        )
        found = answer.json()
    except (httpx.HTTPError, ValueError):
        return False
    name = "metadatabase" if part == "api-server" else part.replace("-", "_")
    return found.get(name, {}).get("status") == "healthy"


if __name__ == "__main__":
    main(sys.argv[1:])
