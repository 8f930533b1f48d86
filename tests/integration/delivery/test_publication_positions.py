"""How far a channel was sent is moved by whoever knows where it stood, and never back."""

import pytest
from delivery_support import position, transaction

from fraud_core.settings import Settings
from fraud_stream.delivery.positions import move

pytestmark = pytest.mark.integration

CHANNEL = "transactions_flagged"


def moved(settings: Settings, before: int, after: int) -> bool:
    with transaction(settings) as cursor:
        return move(cursor, CHANNEL, before, after)


def test_a_channel_starts_at_zero(stream_settings: Settings) -> None:
    assert position(stream_settings, CHANNEL) == 0
    assert moved(stream_settings, 0, 5)
    assert position(stream_settings, CHANNEL) == 5


def test_who_is_behind_cannot_move_it_back(stream_settings: Settings) -> None:
    moved(stream_settings, 0, 5)
    assert not moved(stream_settings, 0, 3)
    assert not moved(stream_settings, 3, 7)
    assert position(stream_settings, CHANNEL) == 5


def test_a_move_whose_answer_was_lost_can_be_repeated(stream_settings: Settings) -> None:
    assert moved(stream_settings, 0, 5)
    assert moved(stream_settings, 0, 5)
    assert position(stream_settings, CHANNEL) == 5
