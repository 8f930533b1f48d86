"""Orders that have landed are found by their ids, whatever the ids are made of."""

import pytest
from landing_support import Ledger, Publish, order

from fraud_core.settings import Settings
from fraud_stream.consumer.catch_up import until_caught_up

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", ['a"b', "a\\b", "{a,b}", "a,b", "a'b", "NULL", 'ä\\"', "%s"])
def test_an_id_of_signs_that_mean_something_to_postgres_is_found_again(
    stream_settings: Settings, publish: Publish, ledger: Ledger, name: str
) -> None:
    publish([(0, order(1, transaction_id=name)), (0, order(2))])
    assert until_caught_up(stream_settings).landed == 2
    publish([(0, order(1, transaction_id=name)), (0, order(2))])
    again = until_caught_up(stream_settings)
    assert (again.landed, again.duplicates, again.dead) == (0, 2, 0)
    assert ledger.landed() == 2
