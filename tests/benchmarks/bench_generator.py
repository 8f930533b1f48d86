"""The simulated marketplace: orders drawn and serialised, ready for the wire."""

import json
from collections.abc import Iterator
from itertools import islice

from fraud_stream.producer.batch import Batch
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream
from tests.benchmarks.harness import START, Prepared, in_process

ORDERS, DUMPS = 100_000, 20_000


def _endless() -> Iterator[Batch]:
    stream = Stream(seed=1, orders=10**9, start=START, rates=scenario_rates("all"))
    return stream.batches()


def _prepare(_: int) -> Prepared:
    batches = _endless()
    first = next(batch for batch in batches if batch.orders)
    by_size = sorted((value or b"" for _, value in first.orders), key=len)
    middle = json.loads(by_size[len(by_size) // 2])

    def work() -> int:
        made = 0
        while made < ORDERS:
            made += len(next(batches).orders)
        return made

    def yardstick() -> int:
        for _ in range(DUMPS):
            json.dumps(middle)
        return DUMPS

    return Prepared(work, yardstick, "times json.dumps of one order of median size")


def _prepare_world(rounds: int) -> Prepared:
    def work() -> int:
        stream = Stream(seed=2, orders=80_000, start=START, rates=scenario_rates("all"))
        list(islice(stream.batches(), 1))
        return 20_000

    prepared = _prepare(rounds)
    return Prepared(work, prepared.yardstick, prepared.reference)


BENCHES = (
    in_process("generate_orders", "order", _prepare),
    in_process("build_world", "customer", _prepare_world),
)
