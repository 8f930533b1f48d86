"""`fraud scoreboard`: what was caught of each attack, and what it cost honest customers."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from rich.table import Table

    from fraud_local.scoreboard import Scoreboard, Story


def register(app: typer.Typer) -> None:
    """Add `fraud scoreboard`."""

    @app.command()
    def scoreboard(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        *,
        rule_set: Annotated[
            str, typer.Option(help="Only what this version of the rules decided.")
        ] = "",
        since: Annotated[
            str,
            typer.Option(
                "--from",
                help="Orders placed at or after this time, like 2026-01-05T00:00Z; UTC without a "
                "zone.",
            ),
        ] = "",
        until: Annotated[str, typer.Option("--to", help="Orders placed before this time.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    ) -> None:
        """Judge the decisions by the simulation's own truth, both read from Postgres."""
        from fraud_core.errors import SettingsError
        from fraud_core.settings import load_settings
        from fraud_local.moments import instant
        from fraud_local.scoreboard import Asked, read_scoreboard

        asked = Asked(
            rule_set=rule_set or None,
            since=instant(since, option="--from") if since else None,
            until=instant(until, option="--to") if until else None,
        )
        if asked.since and asked.until and asked.since >= asked.until:
            raise SettingsError("--from must be before --to")
        found = read_scoreboard(load_settings(), asked)
        if as_json:
            typer.echo(msgspec.json.encode(found).decode())
        else:
            _show(found)


def _show(found: "Scoreboard") -> None:
    from fraud_local.screens import screen

    out = screen()
    if not found.has_truth:
        out.print(
            f"{found.orders:,} orders, {found.flagged:,} flagged, {found.declined:,} of them "
            "declined. No label of the simulation (source injected) has landed, so there is no "
            "truth to judge them by: `fraud produce` sends one; how decisions did by what people "
            "confirmed is in marts.mart_decision_quality"
        )
        return
    out.print(_table("Attacks", "recall", found.attacks))
    out.print(_table("Honest lookalikes", "flagged", found.lookalikes))
    out.print("before, after: orders and time from a story's first order to its first flag\n")
    everyday = f"{found.everyday_flagged / found.everyday:.2%}" if found.everyday else "-"
    out.print(
        f"{found.orders:,} orders, {found.fraud:,} of them fraud; {found.flagged:,} flagged, "
        f"{found.declined:,} of them declined\n"
        f"precision of review and decline {_percent(found.precision)}, "
        f"of decline {_percent(found.decline_precision)}; "
        f"everyday orders flagged {everyday}"
    )
    if found.labels_without_decision:
        missing = found.labels_without_decision
        out.print(f"{missing:,} labels belong to no landed order", style="yellow")


def _table(title: str, share: str, stories: "tuple[Story, ...]") -> "Table":
    from rich.table import Table

    table = Table(title=title, box=None, pad_edge=False)
    table.add_column("story", no_wrap=True)
    for name in ("orders", "caught", "declined", share, "before", "after"):
        table.add_column(name, justify="right", no_wrap=True)
    for story in stories:
        missed = story.orders_to_first_flag is None
        table.add_row(
            story.name,
            f"{story.orders:,}",
            f"{story.caught:,}",
            f"{story.declined:,}",
            _percent(story.share_caught),
            "-" if missed else f"{story.orders_to_first_flag:,}",
            "-" if story.seconds_to_first_flag is None else _length(story.seconds_to_first_flag),
        )
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _length(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
