"""One arena for all tests that break things."""

from collections.abc import Generator

import pytest

from tests.chaos.arena import Arena


@pytest.fixture(scope="session")
def arena() -> Generator[Arena]:
    with Arena() as arena:
        yield arena
