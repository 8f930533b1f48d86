"""What a batch gives back is there for the next one: no pages are asked of the system again."""

import platform
import subprocess
import sys

import pytest

_PIECES, _SIZE = 6, 12 << 20
_FAULTS = f"""
import resource
from fraud_stream.consumer.heap import keep_free_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [b"x" * {_SIZE} for _ in range({_PIECES})]
    pieces.clear()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

keep_free_memory()
print(faults(), max(faults() for _ in range(5)))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_pieces_as_large_as_those_that_were_given_back_cost_no_new_pages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS], capture_output=True, text=True, check=True
    )
    first, later = map(int, done.stdout.split())

    assert first >= _PIECES * _SIZE // (2 << 20)  # as few as that where pages are huge
    assert later < first / 10
