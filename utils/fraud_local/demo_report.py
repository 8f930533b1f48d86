"""What the demo prints at its end: counts, customers, one explained order, addresses."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fraud_core.settings import Role, Settings
from fraud_local.fraud_summary import FlaggedOrder, RiskyCustomer
from fraud_local.printable import printable
from fraud_local.reconcile import Reconciliation


def show_counts(screen: Console, counts: Reconciliation) -> None:
    """Where every produced order ended."""
    table = Table(title="Every order accounted for")
    cells = {
        "produced": counts.on_topic,
        "landed": counts.found.landed,
        "of them flagged": counts.found.flagged,
        "duplicates": counts.found.duplicates,
        "dead letters": counts.found.dead,
        "unaccounted": counts.unaccounted,
    }
    for name in cells:
        table.add_column(name, justify="right")
    table.add_row(*(f"{number:,}" for number in cells.values()))
    screen.print(table)


def show_customers(screen: Console, customers: list[RiskyCustomer]) -> None:
    """The riskiest customers, as a table."""
    table = Table(title="The riskiest customers (marts.vw_customer_fraud_summary)")
    table.add_column("customer", no_wrap=True)
    for name in ("orders", "flagged", "declined", "top score"):
        table.add_column(name, justify="right")
    table.add_column("flagged amount", justify="right", no_wrap=True)
    for customer in customers:
        table.add_row(
            _plain(customer.customer_id),
            str(customer.transaction_count),
            str(customer.flagged_count),
            str(customer.decline_count),
            f"{customer.maximum_score:.2f}",
            f"{customer.main_currency_flagged_amount:,.2f} {customer.main_currency}",
        )
    screen.print(table)


def show_order(screen: Console, order: FlaggedOrder | None) -> None:
    """One flagged order and why, in plain words."""
    if order is None:
        screen.print("no order was flagged")
        return
    screen.print(
        f"Order [bold]{_plain(order.transaction_id)}[/] of {_plain(order.customer_id)}, "
        f"{order.amount} {order.currency}: [bold]{order.outcome}[/] with score {order.score:.2f}, "
        "because"
    )
    for reason in order.reasons:
        why = _plain(reason["sentence"])
        screen.print(f"  - {why} [dim]({_plain(reason['rule'])})[/]", highlight=False)


def show_addresses(screen: Console, settings: Settings) -> None:
    """Where to go on, and the logins that were generated for this machine."""
    screen.print()
    for place, user, password in (
        (settings.airflow_url, settings.airflow_user, settings.airflow_password),
        (
            f"{settings.postgres_host}:{settings.postgres_port}/{settings.postgres_db}",
            *settings.login(Role.ANALYST),
        ),
    ):
        shown = password.get_secret_value() if password else "not set"
        screen.print(
            f"{place}  user {user}  password {shown}",
            highlight=False,
            soft_wrap=True,
        )
    screen.print(
        "The stack goes on running: [bold]make down[/] stops it, [bold]make status[/] shows it."
    )


def _plain(text: str) -> str:
    """What an order says, which is neither markup nor a terminal's command."""
    return escape(printable(text))
