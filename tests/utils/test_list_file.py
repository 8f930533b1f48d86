"""A file of lists that commands change: what people wrote in it stays, and so does every change."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_core.errors import RuleError
from fraud_local.list_file import add_entry, add_snooze, remove_entries, remove_snoozes
from fraud_stream.scoring.rules.lists import Entry, Snooze, read_lists

WRITTEN = """\
# Ours. Ask the desk before you change it.
version: lists-9  # counted up
entries:
  # the fair in Ghent
  - {list: allow, kind: ip, value: 203.0.113.0/24, reason: the fair, author: Ann}
  - list: block  # since the raid
    kind: card
    value: 'fp_00'
    reason: >-
      stolen, says
      the bank
    author: Bo
    expires: 2027-01-31T00:00:00Z
# nobody is snoozed
snoozes:
  - {rule: velocity.card_orders_hour, kind: shop, value: m1, until: 2027-01-01T00:00:00Z,
     reason: sale, author: Cy}
"""
NEW = Entry("watch", "customer", "c-1", "odd: very", "Dee")


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A file of lists that a person wrote."""
    file = tmp_path / "lists.yml"
    file.write_text(WRITTEN)
    return file


def entries(file: Path) -> tuple[Entry, ...]:
    return read_lists(file.read_text(), str(file)).content.entries


def test_an_entry_is_added_and_nothing_else_changes(lists: Path) -> None:
    before = read_lists(WRITTEN, "before").content
    assert add_entry(lists, NEW) == "lists-10"
    after = read_lists(lists.read_text(), "after").content
    assert after.entries == (*before.entries, NEW)
    assert after.snoozes == before.snoozes
    for line in ("# Ours. Ask", "# counted up", "# the fair in", "# since the raid", "# nobody is"):
        assert line in lists.read_text()
    assert "  - list: watch\n    kind: customer\n" in lists.read_text()


def test_an_entry_that_is_removed_leaves_the_others_as_they_were(lists: Path) -> None:
    version, gone = remove_entries(lists, "card", "fp_00")
    (kept,) = entries(lists)
    assert (version, [entry.value for entry in gone]) == ("lists-10", ["fp_00"])
    assert kept.value == "203.0.113.0/24"
    assert "# the fair in Ghent\n  - {list: allow, kind: ip" in lists.read_text()


def test_snoozes_come_and_go_and_nothing_else_changes(lists: Path) -> None:
    new = Snooze("a.b", "card", "0x1F", datetime(2027, 1, 31, tzinfo=UTC), "sale: big", "Dee")
    before = read_lists(WRITTEN, "before").content
    assert add_snooze(lists, new) == "lists-10"
    assert read_lists(lists.read_text(), "after").content.snoozes == (*before.snoozes, new)
    assert remove_snoozes(lists, "a.b", "card", "0x1F") == ("lists-11", [new])
    after = read_lists(lists.read_text(), "after").content
    assert (after.entries, after.snoozes) == (before.entries, before.snoozes)
    assert "# the fair in Ghent\n" in lists.read_text()
    assert "# nobody is snoozed\n" in lists.read_text()


def test_what_is_not_listed_cannot_be_removed(lists: Path) -> None:
    with pytest.raises(RuleError, match="no entry for card fp_01"):
        remove_entries(lists, "card", "fp_01")
    assert lists.read_text() == WRITTEN


def test_the_last_entry_can_be_removed_and_one_be_added_again(tmp_path: Path) -> None:
    file = tmp_path / "lists.yml"
    file.write_text("version: lists-1\nentries: []\nsnoozes: []\n")
    add_entry(file, NEW)
    remove_entries(file, "customer", "c-1")
    assert file.read_text() == "version: lists-3\nentries: []\nsnoozes: []\n"
    add_entry(file, NEW)
    assert entries(file) == (NEW,)


@pytest.mark.parametrize(
    "value",
    [
        "no",
        "12:30",
        "0x1F",
        "1e3",
        "~",
        "2027-01-31",
        "1234-56-78",
        "a: b",
        "# c",
        "- d",
        '"',
        "é\U0001f6d2",
    ],
)
def test_a_value_is_read_as_it_was_given(lists: Path, value: str) -> None:
    entry = Entry("block", "device", value, value * 3, value)
    add_entry(lists, entry)
    assert entries(lists)[-1] == entry


@pytest.mark.parametrize(
    ("version", "following"),
    [
        ("a-9", "a-10"),
        ("a", "a-2"),
        ("a-\u00b2", "a-\u00b2-2"),
        ("'2026-12-31'", "2026-12-31-2"),
        ("2026-12-31-2", "2026-12-31-3"),
    ],
)
def test_each_change_counts_the_version_up(tmp_path: Path, version: str, following: str) -> None:
    file = tmp_path / "lists.yml"
    file.write_text(f"version: {version}\nentries: []\n")
    assert add_entry(file, NEW) == following


@settings(max_examples=60, deadline=None)
@given(text=st.text(min_size=3, max_size=40), version=st.text(min_size=1, max_size=12))
def test_whatever_is_added_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, version: str
) -> None:
    file = tmp_path_factory.mktemp("lists") / "lists.yml"
    add_version = f"version: {version!r}\nentries: []\n"
    file.write_text(add_version, encoding="utf-8", errors="surrogatepass")
    entry = Entry("block", "device", text, text, text, datetime(2027, 1, 31, tzinfo=UTC))
    before = file.read_bytes()
    try:
        add_entry(file, entry)
    except RuleError:
        assert file.read_bytes() == before
    else:
        assert entries(file) == (entry,)


def test_changes_made_at_once_are_all_there(lists: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from fraud_local.list_file import add_entry;"
        "from fraud_stream.scoring.rules.lists import Entry\n"
        "for n in range(5): add_entry(Path(sys.argv[1]),"
        " Entry('watch', 'customer', f'{sys.argv[2]}-{n}', 'why', 'who'))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(lists), str(who)]) for who in range(4)
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    added = {entry.value for entry in entries(lists)} - {"203.0.113.0/24", "fp_00"}
    assert added == {f"{who}-{n}" for who in range(4) for n in range(5)}
    assert read_lists(lists.read_text(), "after").version == "lists-29"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"cannot read .*none/lists\.yml"):
        add_entry(tmp_path / "none" / "lists.yml", NEW)
