"""`fraud explain`: why an order was decided as it was, from the ledger."""

from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

if TYPE_CHECKING:
    from fraud_local.ledger import Explained, Order


def register(app: typer.Typer) -> None:
    """Add `fraud explain`."""

    @app.command()
    def explain(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        transaction_id: Annotated[str, typer.Argument(help="The order's id.")],
        *,
        as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    ) -> None:
        """Show outcome, reasons and the feature snapshot; exits with 5 for an unknown order."""
        from fraud_core.settings import load_settings
        from fraud_local.ledger import read_ledger

        found = read_ledger(load_settings(), transaction_id)
        if as_json:
            typer.echo(msgspec.json.encode(found.entry).decode())
        else:
            _show(found)


def _show(found: "Explained") -> None:
    from rich.table import Table

    from fraud_local.printable import printable
    from fraud_local.screens import screen

    out, entry, order = screen(), found.entry, found.order

    def write(line: str) -> None:
        out.print(printable(line))

    write(f"order {entry.transaction_id}: {entry.outcome}, score {entry.score:.3f}")
    if order:
        write(
            f"customer {order.customer_id}, {_amount(order)}, "
            f"{order.event_time.astimezone(UTC):%Y-%m-%d %H:%M:%S %Z}"
        )
    write(
        f"decided {entry.decided_at:%Y-%m-%d %H:%M:%S %Z} by rule set {entry.rule_set_version}, "
        f"ingest_id {entry.ingest_id}"
    )
    if action := entry.more.get("recommended_action"):
        write(f"recommended: {action}")
    for hit in entry.more.get("lists") or []:
        write(f"on the {hit['list']} list: {hit['kind']} {hit['value']}, {hit['reason']}")
    factors = Table(title="factors, 0 to 1")
    for name in entry.factors:
        factors.add_column(printable(name), justify="right")
    factors.add_row(*("neutral" if v is None else f"{v:.2f}" for v in entry.factors.values()))
    out.print(factors)
    if entry.reasons:
        out.print(_reasons(entry.reasons))
    _apart(write, entry.more)
    features = Table(title="what was known before the order")
    features.add_column("feature", overflow="fold")
    features.add_column("value", justify="right", overflow="fold")
    for name, value in sorted(entry.features.items()):
        shown = _value(name, value, order.currency if order else None)
        features.add_row(printable(name), printable(shown))
    out.print(features)
    write("features at rest are left out; docs/features.md says at which value that is")


def _reasons(reasons: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    from fraud_local.printable import printable

    table = Table(title="reasons, strongest first")
    for name in ("adds", "rule", "why"):
        table.add_column(name, justify="right" if name == "adds" else "left", overflow="fold")
    for reason in reasons:
        adds = reason.get("contribution", reason["weight"])
        table.add_row(f"{adds:.3f}", printable(reason["rule"]), printable(reason["sentence"]))
    return table


def _apart(write: Callable[[str], None], more: dict[str, Any]) -> None:
    """What was recorded without counting."""
    for reason in more.get("shadow") or []:
        write(f"in shadow: {reason['rule']}: {reason['sentence']}")
    for reason in more.get("snoozed") or []:
        write(f"snoozed: {reason['rule']}: {reason['sentence']}")
    if missing := more.get("not_evaluable"):
        write(f"not evaluable, for want of input: {', '.join(missing)}")


def _amount(order: "Order") -> str:
    from fraud_core.currency import MINOR_UNIT_DIGITS

    return f"{order.amount:,.{MINOR_UNIT_DIGITS[order.currency]}f} {order.currency}"


def _value(name: str, value: Any, currency: str | None) -> str:
    """Money as the sentences have it: the ledger holds minor units of the order's currency."""
    from fraud_stream.scoring.features.catalogue import CATALOGUE
    from fraud_stream.scoring.rules.sentences import money

    if value is None:
        return "missing"
    if name in CATALOGUE and CATALOGUE[name].kind == "money":
        return money(value, currency) if currency else f"{value:,.0f} minor units"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
