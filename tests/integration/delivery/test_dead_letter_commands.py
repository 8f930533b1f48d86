"""`fraud dead-letters`, against a real broker and a real server."""

import json
import tempfile
from pathlib import Path

import pytest
from confluent_kafka import Message
from delivery_support import LANDED_AT, arrived, headers, land_dead
from landing_support import Ledger, environment, order
from typer.testing import CliRunner, Result

from fraud_core.errors import DeadLetterError, StreamError
from fraud_core.settings import Settings
from fraud_local import dead_letter_actions
from fraud_local.cli import app
from fraud_local.commands import dead_letters
from fraud_local.editing import user_name

pytestmark = pytest.mark.integration


@pytest.fixture
def stream(stream_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The command finds this stream by its environment."""
    for name, value in environment(stream_settings).items():
        monkeypatch.setenv(name, value)
    return stream_settings


def fraud(*arguments: str | int) -> Result:
    return CliRunner().invoke(app, ["dead-letters", *map(str, arguments)])


def done(*arguments: str | int) -> str:
    result = fraud(*arguments)
    assert result.exception is None, result.exception
    return result.stdout


def refused(*arguments: str | int) -> str:
    """The message of the refusal."""
    error = fraud(*arguments).exception
    assert isinstance(error, DeadLetterError)
    return str(error)


def states() -> dict[int, str]:
    return {line["dead_letter_id"]: line["state"] for line in json.loads(done("list", "--json"))}


def sent_again(stream: Settings, count: int) -> list[Message]:
    return arrived(stream, stream.kafka_topic_transactions, count)


def actions(stream: Settings) -> list[tuple[object, ...]]:
    return Ledger(stream).rows(
        "select action, acted_by, why, replay_of, sent_topic, sent_offset is not null "
        "from raw.dead_letter_actions order by action_id"
    )


def test_a_list_can_be_narrowed_by_reason_time_and_state(stream: Settings) -> None:
    old = land_dead(stream, b"1", reason="not_json")
    new = land_dead(stream, b"2", reason="not_json", landed_at=LANDED_AT.replace(year=2099))
    other = land_dead(stream, b"3", reason="too_large", landed_at=LANDED_AT.replace(year=2099))
    done("discard", new, "--why", "a test message")

    def found(*options: str) -> list[int]:
        return [line["dead_letter_id"] for line in json.loads(done("list", "--json", *options))]

    assert found() == [other, new, old]
    assert found("--reason", "not_json") == [new, old]
    assert found("--since", "2098-01-01") == [other, new]
    assert found("--state", "open", "--since", "2098-01-01") == [other]
    assert found("-n", "1") == [other]


def test_a_list_that_is_cut_says_of_how_many(stream: Settings) -> None:
    for value in (b"1", b"2", b"3"):
        land_dead(stream, value)
    assert done("list", "-n", "2").endswith("\n2 of 3; -n shows more\n")
    assert " of 3" not in done("list", "-n", "3")


def test_a_program_gets_all_and_is_told_beside_the_list_when_it_wanted_fewer(
    stream: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "TABLE_ROWS", 2)
    for value in (b"1", b"2", b"3"):
        land_dead(stream, value)
    assert "2 of 3" in done("list")
    everything = fraud("list", "--json")
    assert (len(json.loads(everything.stdout)), everything.stderr) == (3, "")
    some = fraud("list", "--json", "-n", "2")
    assert (len(json.loads(some.stdout)), some.stderr) == (2, "2 of 3; -n shows more\n")


def test_the_table_shows_id_reason_state_and_place(stream: Settings) -> None:
    dead = land_dead(stream, b"1", kafka_offset=17)
    words = "".join(done("list").split())
    assert f"{dead}" in words
    assert "open" in words
    assert "not_json" in words
    assert "/0/17" in words


def test_showing_one_sends_no_control_characters_to_the_terminal(stream: Settings) -> None:
    dead = land_dead(
        stream,
        b'{"a": "\x1b]0;owned\x07"}\n\xff\xc2\x9b31m',
        key=b"\x1b[2J",
        detail="bad\x1b[31m",
        headers=json.dumps([{"name": "x\u202e", "value": "y\r\x1b[1A"}]),
    )
    shown = done("show", dead) + done("list")
    assert not [c for c in shown if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160]
    assert "\u202e" not in shown
    assert r"\x1b]0;owned\x07" in shown


def test_showing_one_gives_length_hash_and_what_was_done(stream: Settings) -> None:
    dead = land_dead(stream, b"{broken")
    done("discard", dead, "--why", "nobody misses it", "--by", "ann")
    shown = done("show", dead)
    assert "7 bytes" in shown
    assert "discard by ann" in shown
    assert "nobody misses it" in shown
    as_json = json.loads(done("show", dead, "--json"))
    assert as_json["value_text"] == "{broken"
    assert as_json["actions"][0]["acted_by"] == "ann"


def test_the_value_can_be_written_to_a_file_byte_for_byte(stream: Settings, tmp_path: Path) -> None:
    dead = land_dead(stream, b"\x00\xff\n")
    done("show", dead, "--value-to", str(tmp_path / "value"))
    assert (tmp_path / "value").read_bytes() == b"\x00\xff\n"
    assert (tmp_path / "value").stat().st_mode & 0o077 == 0


def test_requeueing_sends_the_original_bytes_with_where_they_came_from(stream: Settings) -> None:
    dead = land_dead(stream, b"\xff{broken", kafka_offset=41)
    done("requeue", dead, "--why", "the consumer is mended", "--anyway")
    (message,) = sent_again(stream, 1)
    place = f"{stream.kafka_topic_transactions}/0/41"
    assert (message.key(), message.value()) == (b"c-1", b"\xff{broken")
    assert headers(message) == {"replay_of": place}
    assert states() == {dead: "requeued"}
    assert actions(stream) == [
        (
            "requeue",
            user_name(),
            "the consumer is mended",
            place,
            stream.kafka_topic_transactions,
            True,
        )
    ]


def test_one_that_was_acted_on_is_left_alone_unless_told_again(stream: Settings) -> None:
    dead = land_dead(stream, b"1")
    done("requeue", dead, "--why", "first", "--by", "ann", "--anyway")
    assert "is requeued already: requeue by ann" in refused("requeue", dead, "--why", "second")
    assert "is requeued already" in refused("discard", dead, "--why", "second")
    done("requeue", dead, "--why", "second", "--again", "--anyway")
    assert len(sent_again(stream, 2)) == 2
    assert len(actions(stream)) == 2


def test_nothing_is_done_to_any_when_one_of_them_cannot_be_sent(stream: Settings) -> None:
    good = land_dead(stream, order(1))
    quarantined = land_dead(stream, None, reason="quarantined")
    assert "cannot be sent again" in refused("requeue", good, quarantined, "--why", "all of it")
    assert states() == {good: "open", quarantined: "open"}


def test_one_that_would_be_dead_again_is_sent_only_if_that_is_wanted(stream: Settings) -> None:
    dead = land_dead(stream, b"{broken")
    message = refused("requeue", dead, "--why", "try")
    assert "would be a dead letter again (not_json" in message
    assert "--anyway" in message
    assert actions(stream) == []
    done("requeue", land_dead(stream, order(1)), "--why", "the consumer is mended")


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (b"x" * 100, {"reason": "too_large", "kept": 10}),
        (b'{"card": "****************"}', {"reason": "pan_detected"}),
        (None, {"reason": "no_value"}),
    ],
)
def test_what_is_not_kept_whole_is_not_sent_again(
    stream: Settings, value: bytes | None, changes: dict[str, object]
) -> None:
    dead = land_dead(stream, value, **changes)  # pyright: ignore[reportArgumentType] - kept is an int where it is given
    message = refused("requeue", dead, "--why", "try")
    assert f"edit-and-requeue {dead}" in message
    assert actions(stream) == []


def test_an_edited_message_goes_under_its_own_customers_key(
    stream: Settings, tmp_path: Path
) -> None:
    dead = land_dead(stream, b"{broken", key=b"wrong")
    (tmp_path / "mended.json").write_bytes(order(7))
    done("edit-and-requeue", dead, "--file", tmp_path / "mended.json", "--why", "a comma")  # pyright: ignore[reportArgumentType] - becomes text
    (message,) = sent_again(stream, 1)
    assert (message.key(), message.value()) == (b"c-7", order(7))
    assert actions(stream)[0][0] == "edit_and_requeue"


def test_the_editor_opens_on_what_was_kept(
    stream: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended = order(8)
    dead = land_dead(stream, mended.replace(b'"EUR"', b'"EURO"'))
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/EURO/EUR/ "$1"\n')
    editor.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(editor))
    done("edit-and-requeue", dead, "--why", "EURO is no currency")
    (message,) = sent_again(stream, 1)
    assert message.value() == mended


def test_what_was_written_in_the_editor_is_kept_when_it_is_refused(
    stream: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = land_dead(stream, b"{broken")
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "{an hour of work" > "$1"\n')
    editor.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said = refused("edit-and-requeue", dead, "--why", "try")
    (kept,) = tmp_path.glob("fraud-edited-*.json")
    assert f"What you wrote is in {kept}" in said.replace("\n", "")
    assert kept.read_bytes() == b"{an hour of work"
    assert kept.stat().st_mode & 0o077 == 0


def test_no_editor_opens_on_what_somebody_else_has_dealt_with(
    stream: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = land_dead(stream, b"{broken")
    done("discard", dead, "--why", "nobody misses it")
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ntouch "$(dirname "$0")/opened"\n')
    editor.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(editor))
    assert "is discarded already" in refused("edit-and-requeue", dead, "--why", "try")
    assert not (tmp_path / "opened").exists()


def test_an_edited_message_that_would_be_dead_again_is_refused_with_the_reason(
    stream: Settings, tmp_path: Path
) -> None:
    dead = land_dead(stream, b"{broken")
    file = str(tmp_path / "mended.json")
    Path(file).write_bytes(order(7, currency="EURO"))
    assert "would be a dead letter again (currency" in refused(
        "edit-and-requeue", dead, "--file", file, "--why", "try"
    )
    done("edit-and-requeue", dead, "--file", file, "--why", "try", "--anyway")
    assert sent_again(stream, 1)[0].key() == b"c-1"


def test_an_edit_that_changes_nothing_is_refused(stream: Settings, tmp_path: Path) -> None:
    dead = land_dead(stream, b"{broken")
    (tmp_path / "same.json").write_bytes(b"{broken")
    assert "nothing was changed" in refused(
        "edit-and-requeue", dead, "--file", str(tmp_path / "same.json"), "--why", "try"
    )


def test_an_unknown_id_and_an_empty_reason_are_refused(stream: Settings) -> None:
    assert "there is no dead letter 999999999" in refused("show", 999_999_999)
    dead = land_dead(stream, b"1")
    assert "--why is empty" in refused("discard", dead, "--why", " ")
    assert states() == {dead: "open"}


def test_a_broker_that_is_away_leaves_a_note_that_it_was_interrupted(
    stream: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = land_dead(stream, b"1")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setattr(dead_letter_actions, "SEND_SECONDS", 1.0)
    result = fraud("requeue", dead, "--why", "try", "--anyway")
    assert isinstance(result.exception, StreamError)
    assert states() == {dead: "interrupted"}


def test_a_crash_between_sending_and_noting_where_leaves_it_interrupted(
    stream: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = land_dead(stream, b"1")
    monkeypatch.setattr(dead_letter_actions, "_COMPLETE", "select 1 / 0")
    assert fraud("requeue", dead, "--why", "try", "--anyway").exception is not None
    assert len(sent_again(stream, 1)) == 1
    assert states() == {dead: "interrupted"}
    assert actions(stream)[0][2] == "try"
