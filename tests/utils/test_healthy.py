"""What a container answers when the engine asks whether it is well."""

import json
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fraud_local.healthy import airflow_is_well, consumer_is_well, is_well

Serve = Callable[[int, str], int]


@pytest.fixture
def serve() -> Generator[Serve]:
    """Starts servers that give every question the same answer; returns the port."""
    servers: list[HTTPServer] = []

    def start(status: int, body: str) -> int:
        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Answers)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def health(**parts: str | None) -> str:
    return json.dumps({part: {"status": status} for part, status in parts.items()})


def test_a_consumer_that_is_ready_is_well(serve: Serve) -> None:
    assert consumer_is_well(serve(200, '{"phase": "standing by"}'))


def test_a_consumer_that_cannot_land_is_not(serve: Serve) -> None:
    assert not consumer_is_well(serve(503, '{"kafka": false}'))


def test_an_answer_that_is_nonsense_is_none(serve: Serve) -> None:
    assert not consumer_is_well(serve(200, "{"))


@pytest.mark.parametrize("part", ["scheduler", "dag-processor"])
def test_a_part_of_airflow_is_as_well_as_the_api_says(serve: Serve, part: str) -> None:
    name = part.replace("-", "_")
    assert airflow_is_well(part, "127.0.0.1", serve(200, health(**{name: "healthy"})))
    assert not airflow_is_well(part, "127.0.0.1", serve(200, health(**{name: "unhealthy"})))
    assert not airflow_is_well(part, "127.0.0.1", serve(200, health(**{name: None})))
    assert not airflow_is_well(part, "127.0.0.1", serve(200, health(metadatabase="healthy")))


def test_the_api_server_is_well_when_it_reaches_its_database(serve: Serve) -> None:
    port = serve(200, health(metadatabase="healthy", scheduler="unhealthy"))
    assert airflow_is_well("api-server", "127.0.0.1", port)


def test_nobody_is_well_whose_server_is_away(tmp_path: Path) -> None:
    (tmp_path / "part").write_text("scheduler")
    environment = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW_API_HOST": "nowhere.invalid"}
    assert not is_well("airflow", environment)


def test_the_consumers_port_is_that_of_its_metrics(serve: Serve) -> None:
    assert is_well("consumer", {"METRICS_PORT": str(serve(200, "{}"))})
