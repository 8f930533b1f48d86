"""A small HTTP server for monitors, on threads of its own."""

import contextvars
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

Answer = tuple[int, str, bytes]
"""Status, content type and body."""


@contextmanager
def serving(host: str, port: int, answers: Mapping[str, Callable[[], Answer]]) -> Generator[int]:
    """Answer on that port while the block runs, each question in a thread of its own.

    Gives the port, which is a free one for port 0. A port that is taken is logged and nothing
    more: who cannot be watched still lands orders.
    """
    try:
        server = _Server((host, port), answers)
    except OSError as error:
        structlog.get_logger().error(
            "no metrics: cannot listen (METRICS_HOST, METRICS_PORT)",
            host=host,
            port=port,
            error=str(error),
        )
        yield 0
        return
    thread = threading.Thread(
        target=contextvars.copy_context().run,
        args=(server.serve_forever, 0.1),
        name="endpoints",
        daemon=True,
    )
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def metrics_answer(registry: CollectorRegistry, *more: Collector) -> Callable[[], Answer]:
    """What the registry holds, and what further collectors find out when asked."""
    for collector in more:
        registry.register(collector)
    return lambda: (200, CONTENT_TYPE_LATEST, generate_latest(registry))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], answers: Mapping[str, Callable[[], Answer]]
    ) -> None:
        self.answers = answers
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        answers = cast("_Server", self.server).answers
        answer = answers.get(self.path.partition("?")[0])
        status, kind, body = answer() if answer else (404, "text/plain", b"not found\n")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Questions are not worth a line each."""
