"""A message to an order with every check that the consumer makes, as bytes are most of the time."""

import msgspec

from fraud_stream.consumer.decode import decode
from tests.benchmarks.bench_scoring import messages
from tests.benchmarks.harness import Job, Prepared, in_process

MEASURED = 10_000
RECEIVED = 1_767_225_600_000


def _untyped(wire: list[bytes]) -> Job:
    def decode_all() -> int:
        for value in wire:
            msgspec.json.decode(value)
        return len(wire)

    return decode_all


def _prepare() -> Prepared:
    wire = messages(MEASURED)
    keys = [msgspec.json.decode(value)["customer_id"].encode() for value in wire]

    def work() -> int:
        for value, key in zip(wire, keys, strict=True):
            decode(value, max_bytes=1_000_000, received_ms=RECEIVED, key=key)
        return len(wire)

    return Prepared(work, _untyped(wire), "to msgspec.json.decode of the same orders, untyped")


BENCHES = (in_process("decode_and_check_order", "order", _prepare),)
