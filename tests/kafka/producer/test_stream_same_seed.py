"""Same seed and arguments, same bytes; another seed, other bytes; in any process."""

import hashlib
import subprocess
import sys

from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream

PROGRAM = """
import hashlib
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream
stream = Stream(seed=5, orders=3000, start=1704067200000, rates=scenario_rates("all"))
digest = hashlib.sha256()
for batch in stream.batches():
    for key, value in batch.orders + batch.labels:
        digest.update(key + value)
print(digest.hexdigest())
"""


def digest(seed: int, orders: int = 3000, attacks: str = "all") -> str:
    stream = Stream(
        seed=seed, orders=orders, start=1_704_067_200_000, rates=scenario_rates(attacks)
    )
    total = hashlib.sha256()
    for batch in stream.batches():
        for key, value in batch.orders + batch.labels:
            total.update((key or b"") + (value or b""))
    return total.hexdigest()


def test_two_streams_of_one_seed_are_byte_identical() -> None:
    assert digest(5) == digest(5)


def test_another_process_with_another_hash_seed_makes_the_same_bytes() -> None:
    made = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONHASHSEED": "99"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.strip() == digest(5)


def test_another_seed_makes_other_orders() -> None:
    assert digest(5) != digest(6)


def test_other_attacks_make_other_orders() -> None:
    assert digest(5) != digest(5, attacks="none")
