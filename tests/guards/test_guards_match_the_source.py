"""The list of guards is up to date: each is in the source once, and its tests are there."""

import ast

import pytest

from tests.guards.guard import ROOT, Guard, guards

GUARDS = guards()


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_is_in_the_source_once_and_the_rest_is_still_python(guard: Guard) -> None:
    source = (ROOT / guard.file).read_text()
    without = guard.removed_from(source)
    assert without != source
    assert ast.parse(without)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_the_tests_that_must_notice_are_there(guard: Guard) -> None:
    assert guard.missing_tests() == []


def test_no_two_guards_have_one_name() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
