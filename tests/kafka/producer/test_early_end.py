"""A run that ends early, by Ctrl-C or by the clock: what was sent, its truth, and its numbers."""

import re
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import msgspec
import pytest

from fraud_core.errors import SettingsError
from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.producer.batch import Batch, Message
from fraud_stream.producer.disorder import Disorder
from fraud_stream.producer.publisher import Counts
from fraud_stream.producer.run import ProduceSummary, produce, produce_simulation
from fraud_stream.producer.simulation import Wishes, simulate
from fraud_stream.producer.timing import Pace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ATTACKS = "stolen_card_spree=0.3,account_takeover=0.3"


class Memory:
    """Keeps what it is sent; presses Ctrl-C after `press_after` messages.

    By the clock `now` it takes `seconds` for each slice of them.
    """

    def __init__(self, *, press_after: int = 10**9, seconds: float = 0) -> None:
        self.is_live = True
        self.oldest: datetime | None = None
        self.orders, self.labels = Counts(), Counts()
        self.sent: list[Message] = []
        self.told: list[LabelEvent] = []
        self.now = 0.0
        self._press_after, self._seconds = press_after, seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        pass

    def send(self, orders: Sequence[Message], labels: Sequence[Message]) -> None:
        self.now += self._seconds
        self.sent += orders
        self.told += [msgspec.json.decode(value or b"", type=LabelEvent) for _, value in labels]
        self.orders.sent += len(orders)
        self.labels.sent += len(labels)
        if orders and len(self.sent) >= self._press_after:
            signal.raise_signal(signal.SIGINT)


def stopped(**wishes: Any) -> tuple[ProduceSummary, Memory, dict[str, OrderEvent]]:
    """A run stopped after 300 messages, and its orders by id, each once and none that is broken."""
    simulation = simulate(Wishes(orders=3_000, seed=3, attacks=ATTACKS, **wishes), now=NOW)
    sink = Memory(press_after=300)
    summary = produce(
        simulation.batches, sink, pace=Pace(2_000), labels_to_come=simulation.labels_to_come
    )
    orders: dict[str, OrderEvent] = {}
    for _, value in sink.sent:
        try:
            order = msgspec.json.decode(value or b"", type=OrderEvent)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if re.fullmatch(r"txn_[^_]+_\d+", order.transaction_id):
            orders[order.transaction_id] = order
    return summary, sink, orders


def test_ctrl_c_leaves_no_label_about_an_order_that_was_not_sent() -> None:
    summary, sink, orders = stopped()
    assert summary.interrupted
    assert len(orders) == summary.orders == summary.produced == 300
    assert sink.told
    assert {label.transaction_id for label in sink.told} <= orders.keys()


def test_ctrl_c_leaves_no_label_from_after_the_last_event_sent() -> None:
    summary, sink, orders = stopped()
    last = max(order.event_time for order in orders.values())
    assert summary.last_event_at == last
    assert max(label.labelled_at for label in sink.told) <= last
    assert [x.labelled_at for x in sink.told] == sorted(x.labelled_at for x in sink.told)


def test_ctrl_c_ends_the_wait_until_the_next_order_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    def sleep_and_press(seconds: float) -> None:
        if seconds and not sum(slept):
            signal.raise_signal(signal.SIGINT)
        slept.append(seconds)

    simulation = simulate(Wishes(orders=10, seed=3), now=NOW)
    monkeypatch.setattr(time, "sleep", sleep_and_press)
    summary = produce(simulation.batches, Memory(), pace=Pace(0.01, clock=lambda: sum(slept)))
    assert summary.interrupted
    assert summary.orders == 1
    assert sum(slept) < 50, "it slept until the next order was due"


def test_labels_of_a_stopped_run_are_sent_or_still_to_come() -> None:
    summary, _, orders = stopped()
    stream = simulate(Wishes(orders=3_000, seed=3, attacks=ATTACKS), now=NOW).stream
    keys = [key for batch in stream.batches() for key, _ in batch.labels]
    keys += [key for key, _ in stream.late_labels()]
    about_sent = sum((key or b"").decode() in orders for key in keys)
    assert summary.labels + summary.labels_to_come == about_sent


@pytest.mark.parametrize("shuffle", [0.0, 86_400.0])
def test_the_report_of_a_stopped_run_counts_each_message_by_its_kind(shuffle: float) -> None:
    summary, sink, orders = stopped(duplicates=0.5, malformed=0.5, shuffle=shuffle)
    assert summary.orders == len(orders)
    assert summary.orders + summary.duplicates + summary.malformed == len(sink.sent) == 300
    assert summary.duplicates > 20
    assert summary.malformed > 20
    assert {label.transaction_id for label in sink.told} <= orders.keys()


def test_a_label_waits_for_the_order_that_disorder_delays() -> None:
    def message(number: int) -> Message:
        return b"c", b'{"transaction_id":"t%d"}' % number

    labels: list[Message] = [(b"t%d" % number, b"label") for number in range(50)]
    batch = Batch(at=list(range(50)), orders=[message(n) for n in range(50)], labels=labels)
    trouble = Disorder(1, duplicates=0, broken=0, shuffle=60)
    first, rest = trouble.apply([batch])
    for mixed in (first, rest):
        assert mixed.labels
        assert {key for key, _ in mixed.labels} == {
            b"t%d" % n for n in range(50) if message(n) in mixed.orders
        }


LATE = Wishes(duration=0.5, rate=4_000, seed=3)
"""Two thousand orders, of which a slice of two hundred is due every twentieth of a second."""


def test_a_live_run_ends_with_its_duration_though_the_broker_is_slow() -> None:
    sink = Memory(seconds=0.125)
    summary = produce_simulation(LATE, sink, clock=lambda: sink.now)
    assert summary.orders == 800
    assert not summary.interrupted


def test_a_run_into_a_file_gets_all_orders_of_its_duration() -> None:
    sink = Memory(seconds=0.125)
    sink.is_live = False
    assert produce_simulation(LATE, sink, clock=lambda: sink.now).orders == 2_000


@pytest.mark.parametrize("year", [1980, 2090])
def test_a_stream_that_would_be_dead_letters_is_refused_before_anything_is_sent(year: int) -> None:
    sink = Memory()
    sink.oldest = datetime(2000, 1, 1, tzinfo=UTC)
    wishes = Wishes(orders=5, seed=3, start=datetime(year, 1, 1, tzinfo=UTC))
    with pytest.raises(SettingsError, match="--start"):
        produce_simulation(wishes, sink)
    assert not sink.sent
