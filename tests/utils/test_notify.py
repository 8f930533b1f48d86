"""Alarms: what they say, where they go, and that a place that is down stops no other."""

import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_string
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from fraud_core.settings import Settings, load_settings
from fraud_local import notify
from fraud_local.certificates import AUTHORITY, make_certificates
from fraud_local.notify import Alarm, tell, text

ALARM = Alarm(
    what="failed",
    dag_id="housekeeping",
    run_id="scheduled__2026-01-05T02:45:00+00:00",
    task_id="prune",
    reason="task_failure",
)


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """An address that takes JSON, and what it was sent."""
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if self.path == "/hook" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    server.server_close()


@pytest.fixture
def mailbox() -> Iterator[tuple[int, list[str]]]:
    """The port of a mail server, and the mails that it took."""
    mails: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            while line := self.rfile.readline():
                self.wfile.write(self.answer(line.upper()))

        def answer(self, line: bytes) -> bytes:
            if line.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            return b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 ok\r\n"

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], mails
    server.shutdown()
    server.server_close()


def settings(**changes: Any) -> Settings:
    return load_settings(airflow_url="http://127.0.0.1:8080", **changes)


def test_a_message_names_the_run_the_red_task_why_and_where_to_look() -> None:
    assert text(ALARM, "http://airflow").splitlines() == [
        "housekeeping failed",
        "run: scheduled__2026-01-05T02:45:00+00:00",
        "red: prune",
        "reason: task_failure",
        "http://airflow/dags/housekeeping/runs/scheduled__2026-01-05T02%3A45%3A00%2B00%3A00",
    ]


def test_without_any_place_set_an_alarm_is_in_the_log() -> None:
    with capture_logs() as logs:
        tell(settings(), ALARM)

    assert [(line["event"], line["dag_id"]) for line in logs] == [("alarm", "housekeeping")]


def test_a_webhook_gets_the_text_and_the_parts(webhook: tuple[str, list[Any]]) -> None:
    address, received = webhook

    tell(settings(notify_webhook_url=address), ALARM)

    assert [(sent["dag_id"], sent["task_id"]) for sent in received] == [("housekeeping", "prune")]
    assert received[0]["text"].startswith("housekeeping failed\n")


def test_a_mailbox_gets_the_same(mailbox: tuple[int, list[str]]) -> None:
    port, mails = mailbox

    tell(settings(notify_email_to="ops@example.org", smtp_port=port), ALARM)

    mail = message_from_string(mails[0])
    assert (mail["To"], mail["Subject"]) == ("ops@example.org", "housekeeping failed")
    assert "red: prune" in str(mail.get_payload())


@pytest.fixture
def closed_mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What a mail server behind TLS hears; its authority is one that no system knows."""
    heard: list[bytes] = []
    make_certificates(tmp_path, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "kafka_certificate")

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), context.wrap_socket(self.request, server_side=True) as open:
                open.sendall(b"220 ready\r\n")
                heard.append(open.recv(100))

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr("fraud_local.notify.TLS_PORT", server.server_address[1])
    yield heard
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("is_known", [True, False])
def test_a_mail_server_is_only_spoken_to_when_its_certificate_is_valid(
    closed_mailbox: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / AUTHORITY))
    with capture_logs() as logs:
        tell(settings(notify_email_to="ops@example.org", smtp_port=notify.TLS_PORT), ALARM)

    assert [line[:4] for line in closed_mailbox] == ([b"ehlo"] if is_known else [])
    refusal = "SMTPServerDisconnected" if is_known else "SSLCertVerificationError"
    assert [line.get("error") for line in logs] == [None, refusal]


def test_a_refusal_is_in_the_log_with_the_servers_code(webhook: tuple[str, list[Any]]) -> None:
    with capture_logs() as logs:
        tell(settings(notify_webhook_url=webhook[0].replace("hook", "nowhere")), ALARM)

    assert [(line["event"], line.get("answer")) for line in logs] == [
        ("alarm", None),
        ("alarm not delivered", 404),
    ]


def test_a_webhook_that_is_down_stops_no_mail_and_its_secret_address_stays_out_of_the_log(
    mailbox: tuple[int, list[str]],
) -> None:
    port, mails = mailbox
    nowhere = "http://127.0.0.1:9/token-of-the-hook"

    with capture_logs() as logs:
        tell(
            settings(notify_webhook_url=nowhere, notify_email_to="ops@example.org", smtp_port=port),
            ALARM,
        )

    assert len(mails) == 1
    assert [line["event"] for line in logs] == ["alarm", "alarm not delivered"]
    assert "token-of-the-hook" not in str(logs)
