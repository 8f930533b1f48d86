"""A file of orders is never written while it is read."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_core.errors import SettingsError
from fraud_local.cli import app
from fraud_stream.producer.mapping.spec import MappingError

CAMPAIGN = "txn_time,order_id,uid,shop_id,shop_owner_uid,gmv,rebate\n"


@pytest.mark.parametrize(
    ("read", "written"),
    [("a.csv", "a.csv"), ("a.csv", "link.csv"), ("a.labels.csv", "a.csv")],
)
def test_what_is_read_is_not_written_to(tmp_path: Path, read: str, written: str) -> None:
    source = tmp_path / read
    source.write_text(CAMPAIGN)
    (tmp_path / "link.csv").symlink_to(source)
    words = ["--from", str(source), "--mapping", "voucher_campaign"]
    result = CliRunner().invoke(app, ["produce", *words, "--to-file", str(tmp_path / written)])
    assert isinstance(result.exception, SettingsError), result.output
    assert "--from and --to-file" in str(result.exception)
    assert source.read_text() == CAMPAIGN


def test_a_source_that_cannot_be_read_empties_no_file(tmp_path: Path) -> None:
    written = tmp_path / "kept.jsonl"
    written.write_text("what was there\n")
    words = ["--from", str(tmp_path / "typo.csv"), "--mapping", "voucher_campaign"]
    result = CliRunner().invoke(app, ["produce", *words, "--to-file", str(written)])
    assert isinstance(result.exception, MappingError), result.output
    assert written.read_text() == "what was there\n"


def test_a_file_of_which_no_row_is_an_order_is_trouble(tmp_path: Path) -> None:
    source = tmp_path / "pretty.json"
    source.write_text("[\n1\n]\n")
    words = ["--from", str(source), "--mapping", "flat_faker"]
    result = CliRunner().invoke(app, ["produce", *words, "--to-file", str(tmp_path / "out.jsonl")])
    assert isinstance(result.exception, MappingError), result.output
    assert "not one of its" in str(result.exception)


def test_two_ways_to_say_how_fast_a_file_goes_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(CAMPAIGN)
    words = ["--from", str(source), "--mapping", "voucher_campaign", "--rate", "10"]
    result = CliRunner().invoke(app, ["produce", *words, "--speed", "2"])
    assert isinstance(result.exception, SettingsError), result.output
    assert "--rate and --speed" in str(result.exception)
