"""Generates the code that moves an entity's windows to a point in time and adds an order to them.

The moves are straight-line code because they run a dozen times an order: a class a window costs
four times as much. `layout` says what the slots mean. In the code, `_high` and `_low_…` are the
cursors, `_at` the time asked about, `_cut_…` the oldest time that a window still holds, `_log` the
history and `_e` the entity.
"""

from collections.abc import Sequence

from fraud_stream.scoring.features.entities import TYPES
from fraud_stream.scoring.features.layout import FIRST_LOW, HIGH, Layout, RunningSum, low
from fraud_stream.scoring.features.measures import SMALL
from fraud_stream.scoring.features.source import Source

_AXIS = {"y": 1, "z": 2}
"""Axes come in this order after x, which takes the place out of the record for all three."""


def cut(window: str) -> str:
    """Name of the oldest time that a window still holds."""
    return f"_cut_{window}"


def emit_move(out: Source, layout: Layout) -> None:
    """Move the windows of `_e`, whose history is not empty, to [`_cut_…`, `_at`).

    Where each question adds its order to the history, cursors never stand later than its end, so
    an `_at` behind the end only moves forward. Labels are not added by questions: theirs can stand
    anywhere.
    """
    names = ["_key", "_log", *layout.slots()]
    out.add(f"{', '.join(names)} = _e", "_n = len(_log)")
    if TYPES[layout.entity].of_labels:
        _emit_back_and_forth(out, layout)
        return
    out.add("_last = _log[-1][0]")
    with out.block("if _last < _at:"):
        _emit_forward(out, layout)
    with out.block("else:"):
        _emit_back_and_forth(out, layout)


def emit_store(out: Source, layout: Layout) -> None:
    """Keep where the windows of `_e` are now.

    Left out for an order that is not added to the history; then no sum may be a mutable count.
    """
    out.extend(f"_e[{slot}] = {name}" for slot, name in enumerate(layout.slots(), HIGH))


def emit_insert(out: Source, layout: Layout, values: dict[str, str], late: str = "") -> None:
    """Add `_record`, whose time is `_at`, to the history of `_e`.

    `values` names the local that holds each column of the record. Orders of one time keep the
    order in which they were ingested. `late` is a line for when the windows have not been moved
    to `_at` before, so that the record may land among what the cursors have passed.
    """
    for slot, s in _distinct(layout):
        value, kept = values[s.column], f"_e[{slot}]"
        grown = f"{kept} is _MIXED and len(_log) >= {SMALL}"
        second = f"{kept} is not _MIXED and {kept} != {value}"
        with out.block(f"if {kept}.__class__ is not dict and ({second} or {grown}):"):
            cursor = FIRST_LOW + layout.windows.index(s.window)
            column = layout.columns[s.column]
            out.add(f"{kept} = _mixed_values(_log, _e[{cursor}], _e[{HIGH}], {column})")
    with out.block("if _log[-1][0] <= _at:"):
        out.add("_log.append(_record)")
    with out.block("else:"):
        out.add("_insort(_log, _record, key=_time_of)", *([late] if late else []))


def new_entity(layout: Layout, key: str, values: dict[str, str]) -> str:
    """The expression of an entity that has just been seen for the first time."""
    sums = [values[s.column] if s.kind == "distinct" else "0" for s in layout.sums]
    zeros = ["0"] * (1 + len(layout.windows))
    return f"[{', '.join([key, '[_record]', *zeros, *sums])}]"


def _distinct(layout: Layout) -> list[tuple[int, RunningSum]]:
    start = FIRST_LOW + len(layout.windows)
    return [(i, s) for i, s in enumerate(layout.sums, start) if s.kind == "distinct"]


def _emit_forward(out: Source, layout: Layout) -> None:
    """Every order of the history came before `_at`: the usual case."""
    with out.block(f"if _last < {cut(layout.windows[-1])}:"):
        _emit_skip(out, layout, layout.windows)
    with out.block("else:"):
        if layout.sums:
            with out.block("while _high < _n:"):
                out.add("_r = _log[_high]", "_high += 1", *_passes(layout.sums, layout, "+"))
        else:
            out.add("_high = _n")
        for window in layout.windows:
            if window == layout.windows[-1]:
                _emit_leave(out, layout, window, "")
                continue
            with out.block(f"if _last < {cut(window)}:"):
                _emit_skip(out, layout, (window,))
            with out.block("else:"):
                _emit_leave(out, layout, window, "")


def _emit_skip(out: Source, layout: Layout, windows: Sequence[str]) -> None:
    """These windows are empty now: no need to take each order out."""
    out.add(" = ".join([*(low(w) for w in windows), "_high", "_n"]))
    for s in layout.sums:
        if s.window in windows and s.kind == "distinct":
            out.add(f"if {s.local}.__class__ is dict: {s.local}.clear()")
        elif s.window in windows:
            out.add(f"{s.local} = 0")


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
