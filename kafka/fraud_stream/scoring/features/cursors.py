"""Generates the code that moves an entity's windows to a point in time and adds an order to them.

The moves are straight-line code because they run a dozen times an order: a class a window costs
four times as much. `layout` says what the slots mean. In the code, `_high` and `_low_…` are the
cursors, `_at` the time asked about, `_cut_…` the oldest time that a window still holds, `_log` the
history and `_e` the entity.
"""

from collections.abc import Sequence

from fraud_stream.scoring.features.entities import TYPES
from fraud_stream.scoring.features.feature import Feature
from fraud_stream.scoring.features.layout import (
    FIRST_LOW,
    HIGH,
    Layout,
    RunningSum,
    low,
    windows_of,
)
from fraud_stream.scoring.features.measures import SMALL
from fraud_stream.scoring.features.readings import emit_empty, emit_readings
from fraud_stream.scoring.features.source import Source

_AXIS = {"y": 1, "z": 2}
"""Axes come in this order after x, which takes the place out of the record for all three."""


def cut(window: str) -> str:
    """Name of the oldest time that a window still holds."""
    return f"_cut_{window}"


def emit_move(out: Source, layout: Layout, features: Sequence[Feature]) -> None:
    """Move the windows of `_e`, whose history is not empty, to [`_cut_…`, `_at`), and read them.

    Where each question adds its order to the history, cursors never stand later than its end, so
    an `_at` behind the end only moves forward. Labels are not added by questions: theirs can stand
    anywhere.
    """
    names = ["_key", "_log", *layout.slots()]
    apart = [f for f in features if len(windows_of(f)) > 1]
    out.add(f"{', '.join(names)} = _e", "_n = len(_log)")
    if TYPES[layout.entity].of_labels:
        _emit_back_and_forth(out, layout)
        emit_readings(out, features)
        return
    plain = [f for f in features if f not in apart]
    out.add("_last = _log[-1][0]")
    with out.block("if _last < _at:"):
        out.add("_was = _high", "_high = _n")
        _emit_forward(out, layout, plain, list(layout.windows))
    with out.block("else:"):
        _emit_back_and_forth(out, layout)
        emit_readings(out, plain)
    emit_readings(out, apart)


def emit_store(out: Source, layout: Layout) -> None:
    """Keep where the windows of `_e` are now.

    Left out for an order that is not added to the history; then no sum may be a mutable count.
    """
    out.add(f"_e[{HIGH}:] = {', '.join(layout.slots())}")


def emit_insert(
    out: Source, layout: Layout, values: dict[str, str], *, moved: bool, late: str = ""
) -> None:
    """Add `_record`, whose time is `_at`, to the history of `_e`, which has `_n` records.

    `values` names the local that holds each column of the record. Orders of one time keep the
    order in which they were ingested. When the windows have not been `moved` to `_at` before, the
    record may land among what the cursors have passed, and `late` is the line that sees to it.
    """
    for column, slots in _distinct(layout).items():
        slot, first = slots[0]
        kept = first.local if moved else f"_e[{slot}]"
        with out.block(f"if {kept} is _MIXED:"), out.block(f"if _n >= {SMALL}:"):
            _emit_mixed(out, layout, slots)
        with out.block(f"elif {kept}.__class__ is not dict and {kept} != {values[column]}:"):
            _emit_mixed(out, layout, slots)
    with out.block("if _log[-1][0] <= _at:"):
        out.add("_log.append(_record)")
    with out.block("else:"):
        out.add("_insort(_log, _record, key=_time_of)", *([late] if late else []))


def new_entity(layout: Layout, key: str, values: dict[str, str]) -> str:
    """The expression of an entity that has just been seen for the first time."""
    sums = [values[s.column] if s.kind == "distinct" else "0" for s in layout.sums]
    zeros = ["0"] * (1 + len(layout.windows))
    return f"[{', '.join([key, '[_record]', *zeros, *sums])}]"


def _distinct(layout: Layout) -> dict[str, list[tuple[int, RunningSum]]]:
    """The slots that hold values of a column; those of one column always change kind together."""
    found: dict[str, list[tuple[int, RunningSum]]] = {}
    for slot, s in enumerate(layout.sums, FIRST_LOW + len(layout.windows)):
        if s.kind == "distinct":
            found.setdefault(s.column, []).append((slot, s))
    return found


def _emit_mixed(out: Source, layout: Layout, slots: Sequence[tuple[int, RunningSum]]) -> None:
    for slot, s in slots:
        cursor = FIRST_LOW + layout.windows.index(s.window)
        column = layout.columns[s.column]
        out.add(f"_e[{slot}] = _mixed_values(_log, _e[{cursor}], _e[{HIGH}], {column})")


def _emit_forward(
    out: Source, layout: Layout, features: Sequence[Feature], windows: Sequence[str]
) -> None:
    """Every order of the history came before `_at`: the usual case. Longest window first.

    When one is empty, all shorter ones are, and nothing of them need be moved or read.
    """
    if not windows:
        return
    window = windows[-1]
    with out.block(f"if _last < {cut(window)}:"):
        _emit_skip(out, layout, windows)
        emit_empty(out, [f for f in features if f.window in windows])
    with out.block("else:"):
        sums = tuple(s for s in layout.sums if s.window == window)
        if sums:
            out.add("_i = _was")
            with out.block("while _i < _n:"):
                out.add("_r = _log[_i]", "_i += 1", *_passes(sums, layout, "+"))
        _emit_leave(out, layout, window, "")
        emit_readings(out, [f for f in features if f.window == window])
        _emit_forward(out, layout, features, windows[:-1])


def _emit_skip(out: Source, layout: Layout, windows: Sequence[str]) -> None:
    """These windows are empty now: no need to take each order out."""
    numbers = [s.local for s in layout.sums if s.window in windows and s.kind != "distinct"]
    out.add(" = ".join([*(low(w) for w in windows), "_n"]))
    if numbers:
        out.add(" = ".join([*numbers, "0"]))
    for s in layout.sums:
        if s.window in windows and s.kind == "distinct":
            out.add(f"if {s.local}.__class__ is dict: {s.local}.clear()")


def _emit_leave(out: Source, layout: Layout, window: str, guard: str) -> None:
    """Take out what is older than the window. Without a guard, a newer order ends the loop."""
    cursor = low(window)
    sums = tuple(s for s in layout.sums if s.window == window)
    with out.block(f"while {guard}_log[{cursor}][0] < {cut(window)}:"):
        if sums:
            out.add(f"_r = _log[{cursor}]", *_passes(sums, layout, "-"))
        out.add(f"{cursor} += 1")


def _emit_back_and_forth(out: Source, layout: Layout) -> None:
    """A late order, or one at the time of another: each cursor goes to where it belongs.

    Lows go back before `_high` does and forward after it, so no window is ever negative.
    """
    for window in layout.windows:
        cursor = low(window)
        sums = tuple(s for s in layout.sums if s.window == window)
        with out.block(f"while {cursor} and _log[{cursor} - 1][0] >= {cut(window)}:"):
            out.add(f"{cursor} -= 1")
            if sums:
                out.add(f"_r = _log[{cursor}]", *_passes(sums, layout, "+"))
    with out.block("while _high and _log[_high - 1][0] >= _at:"):
        out.add("_high -= 1")
        if layout.sums:
            out.add("_r = _log[_high]", *_passes(layout.sums, layout, "-"))
    with out.block("while _high < _n and _log[_high][0] < _at:"):
        if layout.sums:
            out.add("_r = _log[_high]", *_passes(layout.sums, layout, "+"))
        out.add("_high += 1")
    for window in layout.windows:
        _emit_leave(out, layout, window, f"{low(window)} < _high and ")


def _passes(sums: Sequence[RunningSum], layout: Layout, sign: str) -> list[str]:
    """Lines that take record `_r` into (+) or out of (-) the given sums."""
    lines: list[str] = []
    for s in sums:
        column = f"_r[{layout.columns[s.column]}]"
        if s.kind == "distinct":
            lines += _count_value(s.local, column, sign)
        elif s.kind == "flag":
            value = f"({column} is not None)" if s.column == "voucher" else column
            lines.append(f"{s.local} {sign}= {value}")
        elif s.kind == "sum":
            lines.append(f"{s.local} {sign}= {column}")
        elif s.kind == "square":
            lines.append(f"{s.local} {sign}= {column} * {column}")
        elif s.kind == "x":
            lines += [f"_p = {column}", f"if _p is not None: {s.local} {sign}= _p[0]"]
        else:
            lines.append(f"if _p is not None: {s.local} {sign}= _p[{_AXIS[s.kind]}]")
    return lines


def _count_value(counts: str, column: str, sign: str) -> list[str]:
    """Only a long history with more than one value keeps counts; see `mixed_values`."""
    add = [f"    if _v is not None: {counts}[_v] = {counts}.get(_v, 0) + 1"]
    take = [
        "    if _v is not None:",
        f"        _c = {counts}[_v] - 1",
        f"        if _c: {counts}[_v] = _c",
        f"        else: del {counts}[_v]",
    ]
    return [
        f"if {counts}.__class__ is dict:",
        f"    _v = {column}",
        *(add if sign == "+" else take),
    ]
