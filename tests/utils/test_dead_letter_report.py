"""One dead letter, shown."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from fraud_local.dead_letter_report import SHOWN_BYTES, as_data, lines
from fraud_local.dead_letters import Action, Letter

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def letter(value: bytes | None, **changes: Any) -> Letter:
    usual: dict[str, Any] = {
        "dead_letter_id": 7,
        "landed_at": AT,
        "reason": "not_json",
        "state": "open",
        "topic": "orders",
        "partition": 2,
        "offset": 41,
        "value_length": None if value is None else len(value),
        "detail": "malformed",
        "key": b"c-1",
        "value": value,
        "value_sha256": None if value is None else hashlib.sha256(value).hexdigest(),
        "headers": [],
        "received_at": AT,
        "attempts": 1,
        "code_version": "1.2.3",
        "actions": [],
    }
    return Letter(**{**usual, **changes})


def shown(found: Letter) -> str:
    return "\n".join(lines(found))


def test_reason_place_length_and_hash_come_before_the_value() -> None:
    text = shown(letter(b"{broken"))
    for part in ("not_json: malformed", "orders/2/41", "7 bytes", "{broken"):
        assert part in text
    assert text.index("sha256") < text.index("{broken")


def test_a_large_value_is_cut_with_a_word_on_how_to_get_all_of_it() -> None:
    text = shown(letter(b"x" * (SHOWN_BYTES + 1)))
    assert text.count("x") < SHOWN_BYTES + 10
    assert "--value-to" in text


def test_what_is_not_kept_is_said() -> None:
    assert "it has no value" in shown(letter(None))
    assert "nothing is kept" in shown(letter(None, reason="quarantined"))
    assert "10 bytes are kept, cut or redacted" in shown(letter(b"x" * 10, value_length=100))


def test_an_action_of_which_the_end_is_unknown_says_so() -> None:
    act = Action(
        action_id=1, action="requeue", acted_by="ann", acted_at=AT, why="try", sent_to=None
    )
    assert "requeue by ann at 2026-03-10 12:00:00 UTC, sent to (unknown): try" in shown(
        letter(b"{", actions=[act])
    )


def test_programs_get_bytes_in_base64_and_text_beside_them() -> None:
    data = as_data(letter(b"\xff{"))
    assert (data["value"], data["value_text"], data["kept"]) == ("/3s=", "\\xff{", "original")
