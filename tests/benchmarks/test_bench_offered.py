"""A load that was not sent is no load."""

import pytest

from tests.benchmarks.offered import TooSlowError, sent_rate


def test_the_rate_is_what_was_sent() -> None:
    assert sent_rate(990, 1.0, 1_000) == 990


def test_a_rate_that_was_not_reached_is_refused() -> None:
    with pytest.raises(TooSlowError, match="970 messages a second were sent, not 1,000"):
        sent_rate(1_940, 2.0, 1_000)
