"""All of one dead letter, in lines for people and as data for programs. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from fraud_local.dead_letters import Letter
from fraud_local.printable import printable, printable_lines
from fraud_stream.delivery.dead_letters import ABSENT, CHANGED

SHOWN_BYTES = 10_000
"""Of the value; `--value-to` gives all of it."""


def lines(letter: Letter) -> Iterator[str]:
    """Nothing in them can move a terminal's cursor, whatever was sent."""
    for about, says in _facts(letter):
        yield f"{about:<9} {printable(says)}"
    for header in letter.headers:
        yield f"header    {printable(str(header['name']))}: {printable(header['value'] or '')}"
    for action in letter.actions:
        sent = "" if action.action == "discard" else f", sent to {action.sent_to or '(unknown)'}"
        yield printable(
            f"done      {action.action} by {action.acted_by} at {_time(action.acted_at)}{sent}: "
            f"{action.why}"
        )
    yield ""
    yield from _value(letter)


def as_data(letter: Letter) -> dict[str, Any]:
    """For JSON: bytes are in base64, and the value as text beside it."""
    data: dict[str, Any] = msgspec.to_builtins(letter)
    text = None if letter.value is None else letter.value.decode("utf-8", "backslashreplace")
    return {**data, "value_text": text, "kept": letter.kept}


def _facts(letter: Letter) -> Iterator[tuple[str, str]]:
    yield "id", f"{letter.dead_letter_id}, {letter.state}"
    yield "reason", f"{letter.reason}: {letter.detail}"
    yield "from", letter.place
    yield "sent", "at an unknown time" if letter.received_at is None else _time(letter.received_at)
    yield "landed", f"{_time(letter.landed_at)}, attempt {letter.attempts}, {letter.code_version}"
    if letter.key is not None:
        yield "key", letter.key.decode("utf-8", "backslashreplace")
    if letter.value_length is not None:
        yield "length", f"{letter.value_length:,} bytes"
    if letter.value_sha256 is not None:
        yield "sha256", letter.value_sha256


def _value(letter: Letter) -> Iterator[str]:
    if letter.value is None:
        yield "nothing is kept of the value" if letter.kept == ABSENT else "it has no value"
        return
    if letter.kept == CHANGED:
        yield f"of the value {len(letter.value):,} bytes are kept, cut or redacted:"
    yield from printable_lines(letter.value[:SHOWN_BYTES])
    if len(letter.value) > SHOWN_BYTES:
        yield f"(the first {SHOWN_BYTES:,} bytes; --value-to FILE writes all)"


def _time(at: Any) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z")
