"""The plan is its seed's, and fair to every kind of fault."""

from collections import Counter

from tests.chaos.faults import FAULTS
from tests.chaos.plan import plan

ALL = list(FAULTS.values())


def kinds(seed: int, count: int) -> list[str]:
    return [fault.kind for blow in plan(seed, ALL, count) for fault in blow.faults]


def test_the_same_seed_makes_the_same_plan_and_another_one_another() -> None:
    assert list(plan(3, ALL, 50)) == list(plan(3, ALL, 50))
    assert list(plan(3, ALL, 50)) != list(plan(4, ALL, 50))


def test_a_plan_has_as_many_faults_as_asked_for() -> None:
    assert [len(kinds(seed, 33)) for seed in range(5)] == [33] * 5


def test_every_kind_comes_once_before_any_comes_twice() -> None:
    assert set(Counter(kinds(1, len(ALL))).values()) == {1}


def test_two_faults_at_a_time_are_done_to_different_parts() -> None:
    blows = list(plan(1, ALL, 200))
    assert any(len(blow.faults) == 2 for blow in blows)
    assert all(len({fault.target for fault in blow.faults}) == len(blow.faults) for blow in blows)
