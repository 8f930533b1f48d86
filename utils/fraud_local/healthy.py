"""A container's answer when the engine asks whether it is well: `python -m fraud_local.healthy`.

`consumer` is well while it is active or standing by and reaches Kafka and Postgres; a part of
`airflow`, while Airflow's API says so of it. Asked every few seconds in each container, so this
imports next to nothing.
"""

import json
import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

PATIENCE_SECONDS = 5.0
AIRFLOW_PORT = 8080
PART = "part"
"""The file in AIRFLOW_HOME that names the part which a container is."""


def consumer_is_well(port: int) -> bool:
    """Whether it can land orders, or take over."""
    return _asked("127.0.0.1", port, "/readyz") is not None


def airflow_is_well(part: str, host: str, port: int = AIRFLOW_PORT) -> bool:
    """What the API knows of `part`; of the API server, that it reaches its database."""
    answer = _asked(host, port, "/api/v2/monitor/health")
    name = "metadatabase" if part == "api-server" else part.replace("-", "_")
    return ((answer or {}).get(name) or {}).get("status") == "healthy"


def _asked(host: str, port: int, path: str) -> dict[str, dict[str, str]] | None:
    """The JSON of an answer with status 200."""
    connection = HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return json.loads(answer.read()) if answer.status == 200 else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def is_well(what: str, environment: Mapping[str, str]) -> bool:
    """The whole check, by what the container's variables say."""
    if what == "consumer":
        return consumer_is_well(int(environment["METRICS_PORT"]))
    part = (Path(environment["AIRFLOW_HOME"]) / PART).read_text()
    host = "127.0.0.1" if part == "api-server" else environment["AIRFLOW_API_HOST"]
    return airflow_is_well(part, host)


if __name__ == "__main__":
    sys.exit(0 if is_well(sys.argv[1], os.environ) else 1)
