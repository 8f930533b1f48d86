"""What `fraud produce` fills in by itself: timing, pace, and which scenarios run."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from fraud_core.errors import SettingsError
from fraud_stream.producer.attacks import ATTACKS
from fraud_stream.producer.lookalikes import EVERYDAY, LOOKALIKES
from fraud_stream.producer.rates import UnknownScenarioError, scenario_rates
from fraud_stream.producer.simulation import Wishes, simulate
from fraud_stream.producer.timing import Pace, Timing, plan_timing, require_acceptable

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def last_event(wishes: Wishes) -> datetime:
    last = 0
    for batch in simulate(wishes, now=NOW).batches:
        last = max([last, *batch.at])
    return datetime.fromtimestamp(last / 1000, UTC)


@pytest.mark.parametrize("orders", [300, 20_000])
def test_without_a_seed_the_stream_ends_shortly_before_now(orders: int) -> None:
    assert NOW - timedelta(days=7) < last_event(Wishes(orders=orders)) <= NOW


def test_with_a_seed_the_clock_does_not_matter() -> None:
    wishes = Wishes(orders=300, seed=1)
    early, late = (simulate(wishes, now=NOW + timedelta(days=d)).timing for d in (0, 9))
    assert early == late


def test_a_start_is_kept() -> None:
    start = datetime(2025, 5, 5, tzinfo=UTC)
    assert simulate(Wishes(orders=1, seed=1, start=start), now=NOW).timing.start == round(
        start.timestamp() * 1000
    )


def test_a_duration_at_a_rate_is_a_number_of_orders() -> None:
    assert simulate(Wishes(duration=3, rate=50, seed=1), now=NOW).timing.orders == 150


@pytest.mark.parametrize(("speed", "rate"), [(2.0, 0.05), (60.0, 1.0)])
def test_at_a_speed_event_time_passes_so_many_times_as_fast(speed: float, rate: float) -> None:
    simulation = simulate(Wishes(orders=3_000, rate=rate, speed=speed, seed=1), now=NOW)
    times = [at for batch in simulation.batches for at in batch.at]
    assert (times[-1] - times[0]) / 1000 == pytest.approx(3_000 / rate * speed, rel=0.2)


def test_a_live_stream_does_not_run_ahead_of_the_clock() -> None:
    wishes = Wishes(orders=2_000, rate=1, speed=600)
    assert last_event(wishes) <= NOW + timedelta(minutes=33)


OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(),
        Wishes(orders=20_000),
        Wishes(seed=3),
        Wishes(orders=1_000_000, seed=3),
        Wishes(duration=60),
        Wishes(duration=60, speed=60),
        Wishes(orders=5_000, rate=50, speed=60),
        Wishes(orders=5_000, rate=50, speed=0.5),
        Wishes(orders=1_000, start=NOW - 60 * DAY),
        Wishes(orders=3_600, rate=1, speed=1, start=NOW),
        Wishes(orders=36_000, rate=1, speed=1, start=NOW + HOUR),
        Wishes(orders=1_000, start=OLDEST),
    ],
)
def test_what_the_consumer_takes_may_be_sent(wishes: Wishes) -> None:
    require_acceptable(timing_of(wishes), oldest=OLDEST, now=NOW)


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (Wishes(orders=1_000, start=NOW), r"--start: .* ahead of the clock.* an earlier --start"),
        (Wishes(orders=1, start=NOW + HOUR + timedelta(seconds=1)), "--start: .* ahead"),
        (Wishes(orders=36_000, rate=1, speed=2, start=NOW), "--start: .* 10.0 hours ahead"),
        (Wishes(orders=50_000_000, seed=3), "--start: .* fewer --orders"),
        (Wishes(orders=1_000, start=OLDEST - DAY), r"--start: .*OLDEST_EVENT_TIME.* a later"),
    ],
)
def test_what_would_be_dead_letters_for_its_time_is_refused(wishes: Wishes, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        require_acceptable(timing_of(wishes), oldest=OLDEST, now=NOW)


def timing_of(wishes: Wishes) -> Timing:
    return plan_timing(
        orders=wishes.orders if wishes.orders or wishes.duration else 1_000,
        duration=wishes.duration,
        rate=wishes.rate,
        speed=wishes.speed,
        start=wishes.start,
        seed=wishes.seed,
        now=NOW,
    )


def test_pace_waits_until_what_was_sent_was_due() -> None:
    readings = iter([0.0, 0.0, 10.0])
    pace = Pace(rate=1_000, clock=lambda: next(readings))
    began = datetime.now(UTC)
    pace.wait(20, event_at=0)
    pace.wait(20, event_at=0)
    assert datetime.now(UTC) - began >= timedelta(milliseconds=20)


def test_pace_keeps_to_the_moment_though_it_waits_in_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    Pace(rate=0.01, clock=lambda: sum(slept)).wait(1, event_at=0)
    assert len(slept) > 100
    assert sum(slept) == pytest.approx(100)


def test_all_runs_every_attack_and_none_only_honest_life() -> None:
    assert all(scenario_rates("all")[attack] == attack.rate for attack in ATTACKS)
    calm = scenario_rates("none")
    assert not any(calm[attack] for attack in ATTACKS)
    assert all(calm[scenario] == scenario.rate for scenario in (*LOOKALIKES, *EVERYDAY))


def test_a_named_attack_runs_alone_at_its_rate() -> None:
    rates = scenario_rates("card_testing=0.01, collusion")
    running = {attack.name: rates[attack] for attack in ATTACKS if rates[attack]}
    assert running == {"card_testing": 0.01, "collusion": 0.002}


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ("card_tasting", "no scenario 'card_tasting'.*card_testing"),
        ("collusion=lots", "collusion=0.002"),
        ("collusion=1.5", "collusion=0.002"),
        ("collusion=0.6,card_testing=0.6", "more than 0.9"),
    ],
)
def test_a_wish_that_cannot_be_is_explained(wish: str, message: str) -> None:
    with pytest.raises(UnknownScenarioError, match=message):
        scenario_rates(wish)
