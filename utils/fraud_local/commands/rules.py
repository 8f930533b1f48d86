"""`fraud rules`: list, lint and test rule sets, and write the catalogue of features down."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fraud_core.errors import RuleError
from fraud_local.editing import read_text
from fraud_stream.scoring.rules.ruleset import State

if TYPE_CHECKING:
    from fraud_stream.scoring.rules.book import RuleBook
    from fraud_stream.scoring.rules.yaml_text import Problem

RulesFile = Annotated[Path | None, typer.Argument(help="A rule set; RULES_FILE unless given.")]
ListsFile = Annotated[
    Path | None,
    typer.Option(
        "--lists", help="The lists whose snoozes name the rules; LISTS_FILE unless given."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


def register(app: typer.Typer) -> None:
    """Add `fraud rules`."""
    rules = typer.Typer(help="List, check and try the rules.", no_args_is_help=True)
    app.add_typer(rules, name="rules")

    @rules.command(name="list")
    def list_(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        file: RulesFile = None,
        state: Annotated[State | None, typer.Option(help="Only rules in this state.")] = None,
        *,
        as_json: AsJson = False,
    ) -> None:
        """Every rule with its factor, state, weight and sentence."""
        _list(_book(file), state, as_json=as_json)

    @rules.command()
    def lint(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        file: RulesFile = None, lists: ListsFile = None, *, as_json: AsJson = False
    ) -> None:
        """Check rules and lists as a consumer does at its start; exits with 10 if it refuses them.

        One that runs also refuses content that changed under the version in force, of which lint
        cannot know: `fraud status` says what is in force, and whether newer files are refused.
        """
        _lint(file, lists, as_json=as_json)

    @rules.command()
    def test(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        file: RulesFile = None, *, as_json: AsJson = False
    ) -> None:
        """Run the example orders that a rule set carries; exits with 10 when one differs."""
        _test(_book(file), as_json=as_json)

    @rules.command()
    def features(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        *,
        write: Annotated[bool, typer.Option("--write", help="Write docs/features.md.")] = False,
    ) -> None:
        """What a rule can name, as Markdown."""
        from fraud_core.settings import load_settings
        from fraud_stream.scoring.document import features_markdown

        if write:
            target = load_settings().fraud_project / "docs" / "features.md"
            target.write_text(features_markdown(), encoding="utf-8")
            typer.echo(f"wrote {target}")
        else:
            typer.echo(features_markdown(), nl=False)


def rules_file(file: Path | None) -> Path:
    """The file meant: the one named, or the one that the consumer reads (RULES_FILE)."""
    from fraud_core.settings import load_settings

    return file or load_settings().rules_path


def _book(file: Path | None) -> "RuleBook":
    from fraud_stream.scoring.rules.book import read_rule_book

    path = rules_file(file)
    return read_rule_book(read_text(path), rules_file=str(path))


def _list(book: "RuleBook", state: State | None, *, as_json: bool) -> None:
    from rich.table import Table

    from fraud_local.screens import screen

    shown = [
        checked.rule for checked in book.rules.rules if state is None or checked.rule.state == state
    ]
    if as_json:
        typer.echo(msgspec.json.encode(shown).decode())
        return
    table = Table(title=f"rule set {book.version}: {len(book.active)} active rules")
    for name in ("rule", "state", "weight", "sentence"):
        table.add_column(name, no_wrap=name == "rule", overflow="fold")
    for rule in shown:
        table.add_row(rule.id, rule.state, f"{rule.weight:.2f}", rule.sentence)
    screen().print(table)


def _lint(file: Path | None, lists: Path | None, *, as_json: bool) -> None:
    from fraud_core.settings import load_settings
    from fraud_stream.consumer.rule_texts import read_book
    from fraud_stream.scoring.rules.load import RuleSetError

    rules = rules_file(file)
    beside = lists or load_settings().lists_path
    text = read_text(beside)
    try:
        book = read_book(read_text(rules), text, rules_file=str(rules), lists_file=str(beside))
        summary = f"rule set {book.version}: {len(book.active)} active; lists {book.lists.version}"
        findings = (*book.warnings, *_unusable_examples(book))
    except RuleSetError as error:
        findings, summary = tuple(error.problems), "refused"
    if as_json:
        typer.echo(msgspec.json.encode(findings).decode())
    else:
        for problem in findings:
            typer.echo(str(problem))
        typer.echo(summary)
    if any(problem.severity == "error" for problem in findings):
        sys.exit(RuleError.exit_code)


def _unusable_examples(book: "RuleBook") -> "Iterator[Problem]":
    """Examples that `fraud rules test` could not run; warnings, for the consumer runs none."""
    from fraud_stream.scoring.examples import run_examples
    from fraud_stream.scoring.rules.yaml_text import Problem

    for place, result in enumerate(run_examples(book)):
        if not result.outcome:
            line = book.rules.located.line(("examples", place))
            message = f"{result.name}: {', '.join(result.differences)}"
            yield Problem(book.rules.file, line, message, "warning")


def _test(book: "RuleBook", *, as_json: bool) -> None:
    from fraud_stream.scoring.examples import run_examples

    results = run_examples(book)
    if as_json:
        typer.echo(msgspec.json.encode(results).decode())
    else:
        for result in results:
            typer.echo(f"{'differs' if result.differences else 'ok':8}{result.name}")
            for difference in result.differences:
                typer.echo(f"        {difference}")
            if result.differences and result.reasons:
                typer.echo(f"        what fired: {', '.join(result.reasons)}")
        typer.echo(f"{len(results)} examples of rule set {book.version}")
    if any(result.differences for result in results):
        sys.exit(RuleError.exit_code)
