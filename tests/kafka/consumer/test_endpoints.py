"""The small server that answers monitors."""

import socket
import urllib.error
import urllib.request

import pytest

from fraud_stream.consumer.endpoints import Answer, serving

LOOPBACK = "127.0.0.1"


def well() -> Answer:
    return 200, "application/json", b'{"well":true}'


def unwell() -> Answer:
    return 503, "application/json", b'{"well":false}'


def asked(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_each_path_has_its_answer_and_others_have_none() -> None:
    with serving(LOOPBACK, 0, {"/healthz": well, "/readyz": unwell}) as port:
        assert asked(port, "/healthz?verbose=1") == (200, b'{"well":true}')
        assert asked(port, "/readyz") == (503, b'{"well":false}')
        assert asked(port, "/")[0] == 404


def test_nobody_answers_after_the_end() -> None:
    with serving(LOOPBACK, 0, {"/healthz": well}) as port:
        assert port
    with pytest.raises(OSError, match="refused"):
        asked(port, "/healthz")


def test_a_port_that_is_taken_stops_nothing() -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        with serving(LOOPBACK, other.getsockname()[1], {"/healthz": well}) as port:
            assert port == 0


def test_a_caller_who_says_nothing_does_not_keep_others_waiting() -> None:
    with (
        serving(LOOPBACK, 0, {"/healthz": well}) as port,
        socket.create_connection((LOOPBACK, port)),
    ):
        assert asked(port, "/healthz")[0] == 200
