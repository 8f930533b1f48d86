"""A file of orders is never written while it is read."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_core.errors import SettingsError
from fraud_local.cli import app

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
