"""The rules in force, read from files, and read again when the files change."""

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import structlog

from fraud_core.errors import RuleError
from fraud_core.settings import Settings
from fraud_stream.consumer import forms
from fraud_stream.consumer.rule_texts import read_book
from fraud_stream.scoring.features.catalogue import RETENTION
from fraud_stream.scoring.rules.book import RuleBook
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.state import Form

HORIZON = timedelta(microseconds=max(RETENTION.values()))
"""No feature can tell what happened longer ago than this before the newest order."""


class _Content(NamedTuple):
    rules: str
    lists: str


class RuleFiles:
    """Makes scorers, and lets one adopt new rules between two orders.

    A changed file comes into force only as a new version that passes all checks; anything else is
    `refused`, said in the log, and the old rules go on. Raises RuleError when the first version is
    broken.
    """

    def __init__(self, rules: Path, lists: Path, form: Form = "auto") -> None:
        self._rules = rules
        self._lists = lists
        self._form: Form = form
        self._log = structlog.get_logger()
        self._refused = False
        self._stamps = self._look()
        self._content = self._read()
        self._book = self._parse(self._content)

    @classmethod
    def of(cls, settings: Settings) -> "RuleFiles":
        """The files that the settings name. Raises SettingsError for a form that is not there."""
        forms.insist(settings.scorer_form)
        return cls(settings.rules_path, settings.lists_path, settings.scorer_form)

    @property
    def book(self) -> RuleBook:
        """The rules in force."""
        return self._book

    @property
    def refused(self) -> bool:
        """Whether the files as they are now cannot be used, so that older rules or lists decide."""
        return self._refused

    def make(self) -> RuleScorer:
        """A scorer with nothing in its state."""
        scorer = RuleScorer(self._book, self._form)
        self._log.info(
            "scoring", rule_set=scorer.rule_set_version, form=scorer.form, messages=forms.FORM
        )
        return scorer

    def refresh(self, scorer: RuleScorer) -> None:
        """Let `scorer` decide by what the files say now, if that changed and can be used."""
        stamps = self._look()
        if stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            self._adopt(scorer)
        except RuleError as error:
            self._refused = True
            self._log.error("new rules refused, the old ones go on", reason=str(error))
        else:
            if self._refused:
                self._log.info("rules are good again", **_versions(self._book))
            self._refused = False

    def _adopt(self, scorer: RuleScorer) -> None:
        content = self._read()
        if content == self._content:
            return
        book = self._parse(content)
        self._require_new_versions(content, book)
        self._content, self._book = content, book
        scorer.adopt(book)
        self._log.info("new rules", **_versions(book))

    def _require_new_versions(self, content: _Content, book: RuleBook) -> None:
        """Two contents under one version would make the ledger ambiguous."""
        changed = (
            (self._rules, content.rules != self._content.rules, self._book.version, book.version),
            (
                self._lists,
                content.lists != self._content.lists,
                self._book.lists.version,
                book.lists.version,
            ),
        )
        for path, is_changed, old, new in changed:
            if is_changed and old == new:
                raise RuleError(f"{path}: changed, but its version is still {old}; give it another")

    def _look(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_stamp(path) for path in (self._rules, self._lists))

    def _read(self) -> _Content:
        return _Content(_text(self._rules), _text(self._lists))

    def _parse(self, content: _Content) -> RuleBook:
        return read_book(
            content.rules,
            content.lists,
            rules_file=str(self._rules),
            lists_file=str(self._lists),
        )


def _versions(book: RuleBook) -> dict[str, str]:
    return {"rule_set": book.version, "lists": book.lists.version}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cannot be read ({error}); see RULES_FILE, LISTS_FILE") from error
