"""How soon landing goes on after the usual troubles, under load and with the usual lease."""

import time
from collections.abc import Callable
from signal import SIGKILL, SIGQUIT, SIGTERM, Signals

import msgspec

from fraud_core.settings import Settings
from tests.chaos.arena import Arena
from tests.chaos.run import CONSUMERS, Report, Run, Tell

TIMES = 3
DOWN_SECONDS = 5.0
_SEED = 0


class Measure(msgspec.Struct, frozen=True):
    """Seconds, each time it was tried; `limit` is what is promised."""

    what: str
    limit: float
    seconds: list[float]

    @property
    def is_kept(self) -> bool:
        """Every time."""
        return max(self.seconds) <= self.limit


def recover(arena: Arena, measures: list[Measure], *, outage_seconds: float, tell: Tell) -> Report:
    """Add each measure as it is taken, all in one run, whose account is settled like any other."""
    lease = Settings.model_fields["consumer_lease_seconds"].default
    with Run(arena, seed=_SEED, consumer_lease_seconds=lease) as run:
        for what, limit, trouble in _TROUBLES:
            measures.append(_measure(run, what, limit, trouble, tell))
        tell(f"Postgres is down for {outage_seconds:g} s")
        measures += _outage(run, outage_seconds)
        return run.finish(0, tell)


def _measure(
    run: Run, what: str, limit: float, trouble: Callable[[Run], float], tell: Tell
) -> Measure:
    seconds: list[float] = []
    for number in range(TIMES):
        tell(f"{what}, {number + 1} of {TIMES}")
        run.arena.await_landing("before the trouble")
        seconds.append(round(trouble(run), 2))
    return Measure(what, limit, seconds)


def _killed_alone(run: Run) -> float:
    """Nobody stands by; the process is started again at once, as a supervisor does."""
    run.arena.await_consumers(1)
    return _end_active(run, SIGKILL)


def _killed(run: Run) -> float:
    run.arena.await_consumers(CONSUMERS)
    return _end_active(run, SIGKILL)


def _stopped(run: Run) -> float:
    run.arena.await_consumers(CONSUMERS)
    return _end_active(run, SIGTERM)


def _end_active(run: Run, how: Signals) -> float:
    """From its end until somebody else has landed."""
    run.arena.active_consumer().end_by(how)
    since = time.monotonic()
    run.arena.await_landing("by somebody else")
    return time.monotonic() - since


def _postgres_restarted(run: Run) -> float:
    run.arena.server.quit(SIGQUIT)
    time.sleep(DOWN_SECONDS)
    run.arena.server.revive()
    return run.arena.await_landing("after Postgres is up")


def _broker_restarted(run: Run) -> float:
    run.arena.broker.kill()
    time.sleep(DOWN_SECONDS)
    run.arena.broker.revive()
    return run.arena.await_landing("after the broker is up")


def _outage(run: Run, seconds: float) -> list[Measure]:
    """Postgres away under load: landing goes on by itself, and catches up."""
    run.arena.server.quit(SIGQUIT)
    time.sleep(seconds)
    run.arena.server.revive()
    since = time.monotonic()
    landing = run.arena.await_landing("after a long outage")
    run.catch_up()
    return [
        Measure(f"Postgres up after {seconds:g} s of outage -> landing", 10, [round(landing, 2)]),
        Measure("the same -> caught up", 300, [round(time.monotonic() - since, 2)]),
    ]


_TROUBLES = (
    ("consumer killed, nobody stands by -> landing", 15.0, _killed_alone),
    ("consumer killed -> stand-by landing", 15.0, _killed),
    ("consumer stopped -> stand-by landing", 2.0, _stopped),
    ("Postgres up again -> landing", 10.0, _postgres_restarted),
    ("broker up again -> landing", 10.0, _broker_restarted),
)
