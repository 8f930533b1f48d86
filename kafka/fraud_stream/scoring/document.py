"""The catalogue as a page for people: generated, so that it cannot differ from the code."""

from fraud_stream.scoring.features.catalogue import CATALOGUE, RETENTION
from fraud_stream.scoring.features.entities import ENTITIES, TYPES
from fraud_stream.scoring.features.windows import DAY
from fraud_stream.scoring.order.facts import FACTS

_INTRODUCTION = """\
# What a rule can name

Written by `fraud rules features --write` from the catalogue in `kafka/fraud_stream/scoring/`; a
test holds the two in step.

## Features: what was known before the order

A window is [t - w, t) in event time, over what was ingested before the order. The order itself is
never inside, nor is any other with exactly its time. An order that comes late sees the windows
before its own time; one that is more than a day older than the newest order ingested sees the
windows [max(t, newest - 1 day) - w, t), because older records are gone. Statistics are computed
from whole numbers (minor units), so the order in which records come and go changes nothing.

Of the labels of an order the first that calls it fraud counts, and the first that calls it
legitimate. One that repeats a verdict does not: the same message again, or a dispute of what a
review has found. The simulation's own truth is never counted.

A decision stores every feature that its rule set uses. Features at rest are left out of the stored
JSON, so an absent name means the value in the column *at rest*; `null` means missing: the order
does not name the entity, or the sentence says why.
"""


def features_markdown() -> str:
    """The whole page."""
    lines = [_INTRODUCTION]
    for entity in ENTITIES:
        own = [f for f in CATALOGUE.values() if f.entity == entity]
        days = RETENTION[entity] // DAY
        lines.append(f"### {TYPES[entity].words[:1].upper()}{TYPES[entity].words[1:]}\n")
        lines.append(f"Kept for {days} days of event time.\n")
        lines.append("| feature | type | unit | window | at rest | meaning |")
        lines.append("|---|---|---|---|---|---|")
        for f in own:
            rest = "missing" if f.resting is None else str(f.resting).lower()
            cells = (f"`{f.name}`", f.kind, f.unit, f.window, rest, f.sentence)
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    lines.append("## Facts: what the order says by itself\n")
    lines.append("| fact | type | unit | can be missing | meaning |")
    lines.append("|---|---|---|---|---|")
    for fact in FACTS.values():
        if not fact.internal:
            missing = "yes" if fact.nullable else "no"
            cells = (f"`{fact.name}`", fact.kind, fact.unit, missing, fact.sentence)
            lines.append(f"| {' | '.join(cells)} |")
    lines.append("| `on_watch_list` | flag |  | no | Whether an entry of the watch list is met. |")
    return "\n".join(lines) + "\n"
