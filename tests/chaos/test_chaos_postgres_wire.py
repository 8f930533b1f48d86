"""A COMMIT is found however the bytes arrive, and only that of a landing."""

import pytest

from tests.chaos.postgres_wire import Conversation, Cuts, Side


def message(kind: str, body: bytes) -> bytes:
    return kind.encode() + (len(body) + 4).to_bytes(4) + body


SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)
STARTUP = (16).to_bytes(4) + (196608).to_bytes(4) + b"user\0x\0\0"
BEGIN = message("Q", b"BEGIN\0")
COPY = message("Q", b"copy raw.x from stdin\0") + message("d", b"row\n" * 1_000) + message("c", b"")
COMMIT = message("Q", b"COMMIT\0")
BEFORE_COMMIT = SSL_REQUEST + STARTUP + BEGIN + COPY
ANSWERS = b"N" + message("R", b"\0\0\0\0") + message("C", b"COPY 1000\0")
COMMITTED = message("C", b"COMMIT\0")


def fed(conversation: Conversation, data: bytes, size: int) -> tuple[bytes, bool]:
    """What is passed on of bytes from the client that arrive in pieces of a size."""
    passed = b""
    for at in range(0, len(data), size):
        more, cut = conversation.from_client(data[at : at + size])
        passed += more
        if cut:
            return passed, True
    return passed, False


@pytest.mark.parametrize("size", [1, 2, 5, 11, 100, 4_096, 1 << 20])
def test_everything_up_to_the_commit_is_passed_on_and_the_commit_is_not(size: int) -> None:
    cuts = Cuts(armed=[Side.BEFORE])
    assert fed(Conversation(cuts), BEFORE_COMMIT + COMMIT, size) == (BEFORE_COMMIT, True)
    assert (cuts.armed, cuts.made, cuts.landings) == ([], 1, 0)


def test_the_commit_is_passed_on_and_its_answer_is_not() -> None:
    cuts = Cuts(armed=[Side.AFTER])
    conversation = Conversation(cuts)
    fed(conversation, BEFORE_COMMIT, 64)
    assert conversation.from_server(ANSWERS) == (ANSWERS, False)
    assert fed(conversation, COMMIT, 64) == (COMMIT, False)
    assert conversation.from_server(COMMITTED) == (b"", True)
    assert (cuts.made, cuts.landings) == (1, 0)


def test_a_landing_is_counted_when_its_answer_passes() -> None:
    cuts = Cuts()
    conversation = Conversation(cuts)
    fed(conversation, BEFORE_COMMIT, 4_096)
    conversation.from_server(ANSWERS)
    fed(conversation, COMMIT, 4_096)
    assert conversation.from_server(COMMITTED) == (COMMITTED, False)
    assert cuts.landings == 1


def test_a_transaction_without_copied_rows_is_no_landing() -> None:
    cuts = Cuts(armed=[Side.BEFORE])
    everything = STARTUP + BEGIN + message("Q", b"select 1\0") + COMMIT
    assert fed(Conversation(cuts), everything, 4_096) == (everything, False)
    assert cuts.armed == [Side.BEFORE]


def test_a_commit_that_fails_is_no_landing() -> None:
    cuts = Cuts()
    conversation = Conversation(cuts)
    fed(conversation, BEFORE_COMMIT, 4_096)
    conversation.from_server(ANSWERS)
    fed(conversation, COMMIT, 4_096)
    refused = message("C", b"ROLLBACK\0")
    assert conversation.from_server(refused) == (refused, False)
    assert cuts.landings == 0
