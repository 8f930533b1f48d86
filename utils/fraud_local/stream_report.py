"""How the stream is, in lines for people and as data for programs. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from fraud_local.rules_in_force import RulesInForce
from fraud_stream.consumer.stream_state import StreamState


def seconds_behind(state: StreamState, lag: int | None) -> float | None:
    """Age of the newest order landed while messages wait; 0 when none do, None when unknown."""
    if lag is None:
        return None
    return state.age(state.newest_received_at) if lag else 0.0


def as_data(state: StreamState, lag: int | None) -> dict[str, object]:
    """For JSON; times in RFC 3339, ages in seconds."""
    return {
        "scorer": state.holder,
        "epoch": state.epoch,
        "held_since": _iso(state.held_since) if state.holder else None,
        "stand_bys": state.stand_bys,
        "lag_messages": lag,
        "lag_seconds": seconds_behind(state, lag),
        "snapshot_taken_at": _iso(state.snapshot_taken_at),
        "snapshot_bytes": state.snapshot_bytes,
        "after_snapshot": state.after_snapshot,
        "breaker_tripped_at": _iso(state.breaker_tripped_at),
        "bad_in_a_row": state.bad_in_a_row,
        "publication": {
            channel: {"waiting": waiting.messages, "oldest_s": state.age(waiting.oldest_at)}
            for channel, waiting in state.waiting.items()
        },
        "open_dead_letters": state.open_dead_letters,
    }


def lines(
    state: StreamState, lag: int | None, rules: RulesInForce | None = None
) -> Iterable[tuple[str, str]]:
    """What each line is about, and what it says."""
    yield "scorer", _scorer(state)
    if rules:
        newer = "; newer files are refused: `fraud logs consumer` says why" if rules.refused else ""
        yield "rules", f"{rules.rule_set}, lists {rules.lists}{newer}"
    yield "to land", _lag(state, lag)
    yield "snapshot", _snapshot(state)
    if state.breaker_tripped_at:
        yield (
            "breaker",
            f"landing stopped {_ago(state, state.breaker_tripped_at)}: {state.bad_in_a_row:,} bad "
            "messages in a row; `fraud logs consumer` says more",
        )
    for channel, waiting in state.waiting.items():
        oldest = f", the oldest {_ago(state, waiting.oldest_at)}" if waiting.messages else ""
        yield f"to {channel}", f"{waiting.messages:,} waiting{oldest}"
    hint = ": `fraud dead-letters list`" if state.open_dead_letters else ""
    yield "dead letters", f"{state.open_dead_letters:,} open{hint}"


def _scorer(state: StreamState) -> str:
    others = f"{state.stand_bys} standing by" if state.stand_bys else "nobody stands by"
    if state.holder is None:
        return f"nobody scores; {others}"
    held = state.age(state.held_since)
    since = "" if held is None else f" for {_duration(held)}"
    return f"{state.holder}{since}, epoch {state.epoch}; {others}"


def _lag(state: StreamState, lag: int | None) -> str:
    if lag is None:
        return "not known: Kafka or its topics are not there"
    late = seconds_behind(state, lag)
    return f"{lag:,} messages" + (f", {_duration(late)} behind" if lag and late else "")


def _snapshot(state: StreamState) -> str:
    if state.snapshot_taken_at is None:
        return "none yet"
    size = (state.snapshot_bytes or 0) / 1e6
    since = f"; {state.after_snapshot:,} landed since" if state.after_snapshot else ""
    return f"{_ago(state, state.snapshot_taken_at)}, {size:,.1f} MB{since}"


def _ago(state: StreamState, at: datetime | None) -> str:
    age = state.age(at)
    return "an unknown time" if age is None else f"{_duration(age)} ago"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=int(seconds)))


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
