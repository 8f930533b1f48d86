"""The rules of every rule set that decides, so that those that never fire are known as well."""

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_stream.consumer.waiting import Database
from fraud_stream.scoring.rules.book import RuleBook


class NotedRules:
    """Notes a rule set once before it decides; for the one in force that costs nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted = ""

    def note(self, book: RuleBook) -> None:
        """Its rules are in the table from now on; what was noted under this version stays."""
        if book.version == self._noted:
            return
        self._database.run(lambda cursor: _insert(cursor, book))
        self._noted = book.version


def _insert(cursor: Cursor, book: RuleBook) -> None:
    rules = [checked.rule for checked in book.evaluated]
    cursor.execute(
        "insert into raw.rule_set_rules (rule_set_version, rule_id, mode) "
        "select %s, * from unnest(%s::text[], %s::text[]) on conflict do nothing",
        (book.version, [rule.id for rule in rules], [rule.state for rule in rules]),
    )
