"""The compiled scorer and its twin in Python: the same bytes, whatever they are given."""

import random
from collections.abc import Callable, Iterable
from itertools import islice

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from order_streams import STREAM, Stream, label_of
from scorer_forms import form_or_skip

from fraud_core.events import OrderEvent
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream as Marketplace
from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.rules.book import RuleBook, read_rule_book
from fraud_stream.scoring.scorer import RuleScorer

START = 1_704_067_200_000
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
MakeOrder = Callable[..., OrderEvent]
Pair = tuple[RuleScorer, RuleScorer]
MakePair = Callable[[], Pair]


@pytest.fixture(scope="module")
def of_everything(rules_text: Callable[..., str]) -> MakePair:
    """Makes a scorer of each form whose rules ask for every feature there is."""
    text = rules_text(*(f"{name} == {name} and amount != 0" for name in CATALOGUE), state="shadow")
    book = read_rule_book(text)
    return lambda: _both(book)


def _both(book: RuleBook) -> Pair:
    return RuleScorer(book, form_or_skip("compiled")), RuleScorer(book, "python")


def _decided(scorer: RuleScorer, stream: Iterable[tuple[OrderEvent, bool | None]]) -> list[bytes]:
    decisions: list[bytes] = []
    for event, fraud in stream:
        decisions.append(msgspec.json.encode(scorer.score(event)))
        if fraud is not None:
            scorer.absorb_label(label_of(event, fraud=fraud), event)
    return decisions


def _assert_alike(pair: Pair, stream: Stream) -> None:
    compiled, python = pair
    assert _decided(compiled, stream) == _decided(python, stream)
    assert compiled.snapshot() == python.snapshot()


def _market(orders: int, seed: int) -> Stream:
    marketplace = Marketplace(seed=seed, orders=10_000, start=START, rates=scenario_rates("all"))
    values = (value or b"" for batch in marketplace.batches() for _, value in batch.orders)
    decode, draw = msgspec.json.Decoder(OrderEvent).decode, random.Random(seed)
    fates = [None, None, None, True, False]
    return [(decode(value), draw.choice(fates)) for value in islice(values, orders)]


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(stream=STREAM)
def test_both_forms_decide_alike_with_ties_and_disorder(
    of_everything: MakePair, stream: Stream
) -> None:
    _assert_alike(of_everything(), stream)


def test_both_forms_decide_alike_on_a_marketplace_under_attack(starter_book: RuleBook) -> None:
    _assert_alike(_both(starter_book), _market(6_000, seed=11))


def test_both_forms_decide_alike_on_a_shuffled_marketplace(of_everything: MakePair) -> None:
    stream = _market(2_500, seed=12)
    random.Random(12).shuffle(stream)
    _assert_alike(of_everything(), stream)


def test_both_forms_decide_alike_on_busy_entities_over_months(
    of_everything: MakePair, order: MakeOrder
) -> None:
    """Long mixed histories that come and go, with late orders and idle weeks between."""
    draw, now = random.Random(13), 0
    stream: Stream = []
    for _ in range(4_000):
        now += draw.choice([0, 1, 1, 20, 20, 90, 600])
        if draw.random() < 0.001:
            now += 20 * 24 * 60
        fields = {
            "customer_id": draw.choice("abcdefgh"),
            "merchant_id": draw.choice("ab"),
            "merchant_owner_id": "o",
            "merchant_category": draw.choice("xy"),
            "device_id": f"d{draw.randrange(40)}",
            "card_fingerprint": draw.choice([None, *"abcdef"]),
            "ip_address": f"10.0.0.{draw.randrange(50)}",
            "ip_latitude": draw.uniform(-90, 90),
            "ip_longitude": draw.uniform(-180, 180),
            "voucher_code": draw.choice([None, None, "v", "w"]),
            "amount": draw.choice([1.0, -50.0, 9_999_999_999.99, draw.uniform(1, 500)]),
            "currency": draw.choice(["EUR", "EUR", "JPY"]),
            "transaction_status": draw.choice(["approved", "approved", "declined"]),
            "transaction_type": draw.choice(["purchase", "purchase", "refund"]),
        }
        late = draw.choice([0, 0, 0, 0, 5, 2_000])
        stream.append((order(now - late, **fields), draw.choice([None, None, True, False])))
    _assert_alike(of_everything(), stream)


def test_either_form_goes_on_from_the_others_snapshot(starter_book: RuleBook) -> None:
    stream = _market(4_000, seed=14)
    past, future = stream[:3_000], stream[3_000:]
    for first, second in (_both(starter_book), _both(starter_book)[::-1]):
        _decided(first, past)
        second.restore([first.freeze().chunks()])
        assert second.snapshot() == first.snapshot()
        assert _decided(second, future) == _decided(first, future)


def test_either_form_goes_on_from_the_others_parts(starter_book: RuleBook) -> None:
    stream = _market(4_000, seed=16)
    first, second = _both(starter_book)
    parts: list[list[bytes]] = [[], []]
    for past in (stream[:1_500], stream[1_500:3_000]):
        for scorer, own in zip((first, second), parts, strict=True):
            since = scorer.taken()
            _decided(scorer, past)
            own.append(scorer.freeze(since).encode())
    assert parts[0] == parts[1]
    assert first.restore([[p] for p in parts[1]]) == second.restore([[p] for p in parts[0]])
    assert first.snapshot() == second.snapshot()
    assert _decided(first, stream[3_000:]) == _decided(second, stream[3_000:])


def test_either_form_absorbs_what_the_other_scores(starter_book: RuleBook) -> None:
    stream = _market(3_500, seed=15)
    past, future = stream[:3_000], stream[3_000:]
    for scored, absorbed in (_both(starter_book), _both(starter_book)[::-1]):
        _decided(scored, past)
        for event, fraud in past:
            absorbed.absorb(event)
            if fraud is not None:
                absorbed.absorb_label(label_of(event, fraud=fraud), event)
        assert absorbed.snapshot() == scored.snapshot()
        assert _decided(absorbed, future) == _decided(scored, future)
