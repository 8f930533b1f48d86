"""Loopback ports for what tests start: none that the system gives to outgoing connections."""

import random

from fraud_local.ports import is_free

_BELOW_OUTGOING = range(20_000, 32_000)
"""Linux takes the ports of outgoing connections from 32768 on, and so also one just found free."""


def free_ports(*names: str) -> dict[str, int]:
    """A port for each name that nobody listens on now, all different."""
    tried = random.sample(_BELOW_OUTGOING, 500)
    return dict(zip(names, filter(is_free, tried), strict=False))


def free_port() -> int:
    """One that nobody listens on now."""
    return free_ports("only")["only"]
