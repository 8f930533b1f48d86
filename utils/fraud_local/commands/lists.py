"""`fraud lists`: the allow, watch and block lists and snoozes that overrule the rules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from fraud_local.commands.rules import rules_file
from fraud_local.editing import read_text

if TYPE_CHECKING:
    from fraud_stream.scoring.rules.book import RuleBook
    from fraud_stream.scoring.rules.lists import Entry, Lists

Name = Literal["allow", "watch", "block"]
Kind = Annotated[
    Literal["customer", "device", "card", "ip", "email", "domain", "address", "shop"],
    typer.Argument(help="What is listed."),
]
Rule = Annotated[str, typer.Argument(help="The rule's id.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for whoever finds it later.")]
Who = Annotated[str, typer.Option("--author", help="Who decided it.")]
ListsPath = Annotated[
    Path | None, typer.Option("--file", help="The lists; LISTS_FILE unless given.")
]
RulesPath = Annotated[
    Path | None,
    typer.Option("--rules", help="The rules that snoozes may name; RULES_FILE unless given."),
]


def register(app: typer.Typer) -> None:
    """Add `fraud lists`."""
    lists = typer.Typer(help="Allow, watch and block lists.", no_args_is_help=True)
    app.add_typer(lists, name="lists")

    @lists.command()
    def show(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        file: ListsPath = None,
        *,
        as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    ) -> None:
        """All entries and snoozes."""
        _show(_read(_path(file)), as_json=as_json)

    @lists.command()
    def check(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        file: ListsPath = None, rules: RulesPath = None
    ) -> None:
        """Check the file as the consumer would; exits with 10 when it would be refused.

        Entries and snoozes that have ended, that stand there twice or against each other, and very
        wide networks are warned of.
        """
        _check(_path(file), rules_file(rules))

    @lists.command()
    def add(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        which: Annotated[Name, typer.Argument(help="Which list.")],
        kind: Kind,
        value: Annotated[str, typer.Argument(help="Its id; for ip an address or a network.")],
        *,
        reason: Why,
        author: Who,
        expires: Annotated[
            str | None,
            typer.Option(help="Like 2027-01-31, or 2027-01-31T12:00:00Z; UTC without a zone."),
        ] = None,
        absolute: Annotated[
            bool, typer.Option("--absolute", help="A block that beats an allow entry.")
        ] = False,
        file: ListsPath = None,
    ) -> None:
        """Add an entry; the file gets a new version and keeps its comments."""
        from fraud_local.list_checks import oddities_of_new, require_usable
        from fraud_local.list_file import add_entry
        from fraud_local.moments import instant
        from fraud_stream.scoring.rules.lists import Entry

        path = _path(file)
        end = instant(expires, option="--expires") if expires else None
        entry = require_usable(Entry(which, kind, value, reason, author, end, absolute))
        before = _read(path).content.entries
        typer.echo(f"wrote {path}, version {add_entry(path, entry)}")
        for oddity in oddities_of_new(entry, before):
            typer.echo(f"warning: {oddity}", err=True)

    @lists.command()
    def remove(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        kind: Kind,
        value: Annotated[str, typer.Argument(help="Its id as it stands in the list.")],
        which: Annotated[
            Name | None, typer.Option("--list", help="Which list; needed if it is on several.")
        ] = None,
        file: ListsPath = None,
    ) -> None:
        """Take a value off a list; exits with 10 when it is not there, with 2 when on several."""
        from fraud_local.list_file import remove_entries

        path = _path(file)
        version, gone = remove_entries(path, kind, value, which)
        for entry in gone:
            typer.echo(f"removed from {_named(entry)}: {kind} {value} ({entry.reason})")
        typer.echo(f"wrote {path}, version {version}")

    @lists.command()
    def snooze(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        rule: Rule,
        kind: Kind,
        value: Annotated[str, typer.Argument(help="Its id; for ip an address.")],
        *,
        until: Annotated[
            str, typer.Option(help="Like 2027-01-31, or 2027-01-31T12:00:00Z; UTC without a zone.")
        ],
        reason: Why,
        author: Who,
        file: ListsPath = None,
        rules: RulesPath = None,
    ) -> None:
        """Silence one rule for one value until then; its hits are still recorded."""
        from fraud_local.list_checks import oddities_of_snooze, require_usable_snooze
        from fraud_local.list_file import add_snooze
        from fraud_local.moments import instant
        from fraud_stream.scoring.rules.lists import Snooze

        path = _path(file)
        book = _read_with_rules(path, rules_file(rules))
        new = Snooze(rule, kind, value, instant(until, option="--until"), reason, author)
        usable = require_usable_snooze(new, {checked.rule.id for checked in book.rules.rules})
        typer.echo(f"wrote {path}, version {add_snooze(path, usable)}")
        for oddity in oddities_of_snooze(usable, book.lists.content.snoozes):
            typer.echo(f"warning: {oddity}", err=True)

    @lists.command()
    def unsnooze(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        rule: Rule,
        kind: Kind,
        value: Annotated[str, typer.Argument(help="Its id as it stands in the snooze.")],
        file: ListsPath = None,
    ) -> None:
        """End a snooze before its time; exits with 10 when there is none."""
        from fraud_local.list_file import remove_snoozes

        path = _path(file)
        version, gone = remove_snoozes(path, rule, kind, value)
        for ended in gone:
            typer.echo(f"removed snooze of {rule}: {kind} {value} ({ended.reason})")
        typer.echo(f"wrote {path}, version {version}")


def _path(file: Path | None) -> Path:
    from fraud_core.settings import load_settings

    return file or load_settings().lists_path


def _read(path: Path) -> "Lists":
    from fraud_stream.scoring.rules.lists import read_lists

    return read_lists(read_text(path), str(path))


def _read_with_rules(path: Path, rules: Path) -> "RuleBook":
    from fraud_stream.consumer.rule_texts import read_book

    texts = read_text(rules), read_text(path)
    return read_book(*texts, rules_file=str(rules), lists_file=str(path))


def _check(path: Path, rules: Path) -> None:
    from fraud_local.list_checks import findings
    from fraud_stream.scoring.rules.yaml_text import read_yaml

    content = _read_with_rules(path, rules).lists.content
    for oddity in findings(content, read_yaml(read_text(path)), str(path)):
        typer.echo(str(oddity))
    typer.echo(
        f"lists {content.version}: {len(content.entries)} entries, {len(content.snoozes)} snoozes"
    )


def _named(entry: "Entry") -> str:
    return f"{entry.list} (absolute)" if entry.absolute else entry.list


def _show(lists: "Lists", *, as_json: bool) -> None:
    from rich.table import Table

    from fraud_local.screens import screen

    if as_json:
        typer.echo(msgspec.json.encode(lists.content).decode())
        return
    table = Table(title=f"lists {lists.version}")
    for name in ("list", "kind", "value", "until", "reason", "author"):
        table.add_column(name, overflow="fold")
    for entry in lists.content.entries:
        until = entry.expires.isoformat() if entry.expires else "for good"
        table.add_row(_named(entry), entry.kind, entry.value, until, entry.reason, entry.author)
    for snooze in lists.content.snoozes:
        until = snooze.until.isoformat()
        name = f"snooze {snooze.rule}"
        table.add_row(name, snooze.kind, snooze.value, until, snooze.reason, snooze.author)
    screen().print(table)
