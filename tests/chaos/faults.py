"""The ways to break things. Each strikes, and gives back what makes it good again."""

import time
from collections.abc import Callable
from random import Random
from signal import SIGCONT, SIGKILL, SIGQUIT, SIGSTOP, SIGTERM

import msgspec

from tests.chaos.arena import Arena
from tests.chaos.crew import ConsumerProcess
from tests.chaos.postgres_wire import Side
from tests.chaos.services import wait_until

Heal = Callable[[], None]
Strike = Callable[[Arena, Random], Heal]

CUTS_AT_ONCE = 5


class Fault(msgspec.Struct, frozen=True):
    """`target` is what it is done to: two faults at a time have different ones."""

    kind: str
    target: str
    strike: Strike


FAULTS: dict[str, Fault] = {}


def _fault(target: str) -> Callable[[Strike], Strike]:
    """Enter a function as a kind of fault by its name."""

    def enter(strike: Strike) -> Strike:
        kind = strike.__name__
        FAULTS[kind] = Fault(kind, target, strike)
        return strike

    return enter


def faults_possible(arena: Arena) -> tuple[list[Fault], list[str]]:
    """Those that can be had on this machine, and what cannot, with the reason."""
    missing: dict[str, str] = {}
    if not arena.has_clocks:
        missing |= dict.fromkeys(("consumer_clock_jumps", "server_clock_jumps"), "no C compiler")
    if not arena.postgres_disk.is_mounted:
        missing |= dict.fromkeys(
            ("postgres_disk_full", "kafka_disk_full"), "mounting is not allowed"
        )
    possible = [fault for kind, fault in FAULTS.items() if kind not in missing]
    return possible, [f"{kind}: {why}" for kind, why in missing.items()]


def _nothing() -> None:
    """Good by itself."""


@_fault("consumer")
def consumer_killed(arena: Arena, random: Random) -> Heal:
    """SIGKILL for the one that scores; another is started in its place."""
    victim = _victim(arena, random)
    victim.send(SIGKILL)
    return _nothing


@_fault("consumer")
def consumer_stopped(arena: Arena, random: Random) -> Heal:
    """SIGTERM for the one that scores."""
    victim = _victim(arena, random)
    victim.send(SIGTERM)
    return _nothing


@_fault("consumer")
def consumer_frozen(arena: Arena, random: Random) -> Heal:
    """SIGSTOP until the lease is over and somebody else holds it, then SIGCONT."""
    victim = _victim(arena, random)
    victim.send(SIGSTOP)
    wait_until("somebody else scores", lambda: arena.crew.active() not in {None, victim})
    return lambda: victim.send(SIGCONT)


@_fault("consumer")
def rivals_for_the_lease(arena: Arena, _random: Random) -> Heal:
    """Three more consumers, and a lease that runs out under its holder again and again."""
    size = arena.crew.size
    arena.crew.size += 3
    arena.crew.tend()
    for _ in range(6):
        time.sleep(0.3)
        arena.let_lease_run_out()

    def heal() -> None:
        arena.crew.size = size
        arena.crew.tend()

    return heal


@_fault("broker")
def broker_killed(arena: Arena, _random: Random) -> Heal:
    """SIGKILL."""
    arena.broker.kill()
    return arena.broker.revive


@_fault("broker")
def broker_stopped(arena: Arena, _random: Random) -> Heal:
    """SIGTERM, which it takes its time to follow."""
    arena.broker.quit(SIGTERM)
    return arena.broker.revive


@_fault("broker")
def broker_frozen(arena: Arena, _random: Random) -> Heal:
    """SIGSTOP."""
    arena.broker.freeze()
    return arena.broker.thaw


@_fault("server")
def postgres_crashed(arena: Arena, _random: Random) -> Heal:
    """An immediate shutdown: no checkpoint, nobody is told, recovery at the start."""
    arena.server.quit(SIGQUIT)
    return arena.server.revive


@_fault("server")
def postgres_killed(arena: Arena, _random: Random) -> Heal:
    """SIGKILL for all of its processes."""
    arena.server.kill()
    return arena.server.revive


@_fault("server")
def postgres_frozen(arena: Arena, _random: Random) -> Heal:
    """SIGSTOP for all of its processes."""
    arena.server.freeze()
    return arena.server.thaw


@_fault("server")
def sessions_ended(arena: Arena, random: Random) -> Heal:
    """pg_terminate_backend for every consumer, several times."""
    for _ in range(random.randint(1, 5)):
        arena.end_sessions()
        time.sleep(random.uniform(0, 0.3))
    return _nothing


@_fault("server link")
def cut_before_commit(arena: Arena, _random: Random) -> Heal:
    """The connection breaks when a COMMIT is on its way: the server rolls back."""
    return _cut(arena, Side.BEFORE)


@_fault("server link")
def cut_after_commit(arena: Arena, _random: Random) -> Heal:
    """The connection breaks when the answer to a COMMIT is on its way: it happened, unheard."""
    return _cut(arena, Side.AFTER)


@_fault("server link")
def slow_postgres(arena: Arena, random: Random) -> Heal:
    """Every packet late."""
    arena.postgres_proxy.delay_seconds = random.uniform(0.02, 0.2)
    return lambda: setattr(arena.postgres_proxy, "delay_seconds", 0.0)


@_fault("server link")
def half_open_postgres(arena: Arena, _random: Random) -> Heal:
    """Accepted, never answered; what was connected then stays silent for ever."""
    arena.postgres_proxy.stall()
    return arena.postgres_proxy.flow


@_fault("server link")
def reset_postgres(arena: Arena, random: Random) -> Heal:
    """Every connection breaks, several times, wherever it stands."""
    for _ in range(random.randint(1, 5)):
        arena.postgres_proxy.reset()
        time.sleep(random.uniform(0, 0.3))
    return _nothing


@_fault("broker link")
def slow_broker(arena: Arena, random: Random) -> Heal:
    """Every packet late."""
    arena.kafka_proxy.delay_seconds = random.uniform(0.02, 0.2)
    return lambda: setattr(arena.kafka_proxy, "delay_seconds", 0.0)


@_fault("broker link")
def half_open_broker(arena: Arena, _random: Random) -> Heal:
    """Accepted, never answered; what was connected then stays silent for ever."""
    arena.kafka_proxy.stall()
    return arena.kafka_proxy.flow


@_fault("broker link")
def reset_broker(arena: Arena, random: Random) -> Heal:
    """Every connection breaks, several times, wherever it stands."""
    for _ in range(random.randint(1, 5)):
        arena.kafka_proxy.reset()
        time.sleep(random.uniform(0, 0.3))
    return _nothing


@_fault("server")
def postgres_disk_full(arena: Arena, _random: Random) -> Heal:
    """No room for tables, nor for the log that they are written to first."""
    arena.postgres_disk.fill()

    def heal() -> None:
        arena.postgres_disk.make_room()
        arena.server.revive()

    return heal


@_fault("broker")
def kafka_disk_full(arena: Arena, _random: Random) -> Heal:
    """No room for messages, which ends the broker."""
    arena.kafka_disk.fill()

    def heal() -> None:
        arena.kafka_disk.make_room()
        arena.broker.revive()

    return heal


@_fault("consumer clock")
def consumer_clock_jumps(arena: Arena, random: Random) -> Heal:
    """The consumers' wall clocks are set, ahead or behind, more than once.

    By seconds: librdkafka waits by the wall clock, for as much longer as that is set back.
    """
    for _ in range(4):
        arena.consumer_clock.set_off_by(random.uniform(-20, 20))
        time.sleep(0.3)
    return lambda: arena.consumer_clock.set_off_by(0)


@_fault("server")
def server_clock_jumps(arena: Arena, random: Random) -> Heal:
    """Postgres's wall clock is set, and with it the lease runs out or seems to last for hours."""
    for _ in range(4):
        arena.server_clock.set_off_by(random.uniform(-7_200, 7_200))
        time.sleep(0.5)
    return lambda: arena.server_clock.set_off_by(0)


def _cut(arena: Arena, side: Side) -> Heal:
    """Each at a landing of its own; whoever waits for landing waits until all are made."""
    arena.cuts.armed += [side] * CUTS_AT_ONCE
    return _nothing


def _victim(arena: Arena, random: Random) -> ConsumerProcess:
    """Who scores, or anybody while that cannot be found out."""
    return arena.crew.active() or random.choice(arena.crew.members())
