"""`fraud produce` as it is typed: options, report, exit codes, Ctrl-C."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fraud_core.errors import FraudPlatformError
from fraud_local.cli import app
from fraud_local.commands.produce import beyond_limits
from fraud_stream.producer.run import ProduceSummary

CAMPAIGN = (
    "txn_time,order_id,uid,shop_id,shop_owner_uid,gmv,rebate\n"
    "2019-10-30 13:37:00,142008725,102161515,1005,100054430,70000,20000\n"
    "2019-10-30 13:38:00,142008726,102161516,1005,100054430,much,20000\n"
)
HANDBOOK = (
    "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_FRAUD_SCENARIO\n"
    "0,2018-04-01 00:00:31,596,3156,57.16,0,0\n"
)


def fraud(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["produce", *arguments], catch_exceptions=True)


def report(*arguments: str) -> dict[str, Any]:
    result = fraud(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_run_into_a_file_reports_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    told = report("--orders", "500", "--seed", "1", "--to-file", str(path))
    assert told["produced"] == told["acknowledged"] == 500
    assert len(path.read_bytes().splitlines()) == 500
    labels = (tmp_path / "orders.labels.jsonl").read_bytes().splitlines()
    assert len(labels) == told["labels"]


def test_the_line_of_progress_counts_all_messages(tmp_path: Path) -> None:
    """What is sent again and what is broken as well, of which nobody knows the number before."""
    trouble = ["--duplicates", "0.5", "--malformed", "0.5", "--seed", "1"]
    result = fraud("--orders", "300", *trouble, "--to-file", str(tmp_path / "a.jsonl"), "--json")
    produced = json.loads(result.stdout)["produced"]
    assert produced > 500
    assert f" {produced}/{produced} " in result.stderr


def test_the_same_command_makes_the_same_files(tmp_path: Path) -> None:
    made: list[bytes] = []
    for name in "ab":
        path = tmp_path / f"{name}.jsonl.gz"
        trouble = ["--duplicates", "0.1", "--malformed", "0.1", "--shuffle", "60"]
        report("--orders", "300", "--seed", "1", *trouble, "--to-file", str(path))
        made.append(path.read_bytes())
    assert made[0] == made[1]


def test_a_run_in_words_names_its_seed_so_that_it_can_be_repeated(tmp_path: Path) -> None:
    result = fraud("--orders", "10", "--to-file", str(tmp_path / "orders.jsonl"))
    assert "(seed " in result.stdout


def test_a_row_that_cannot_be_mapped_is_shown_with_its_line(tmp_path: Path) -> None:
    source = tmp_path / "campaign.csv"
    source.write_text(CAMPAIGN)
    result = fraud(
        *("--from", str(source), "--mapping", "voucher_campaign"),
        *("--to-file", str(tmp_path / "orders.jsonl")),
    )
    assert "not mapped: line 3: amount" in result.output
    assert "1 rows not mapped" in result.stdout


@pytest.mark.parametrize(
    ("options", "days"), [([], 7), (["--label-delay", "36h"], 1.5), (["--label-delay", ".5d"], 0.5)]
)
def test_labels_of_a_file_follow_seven_days_later_unless_said_otherwise(
    tmp_path: Path, options: list[str], days: float
) -> None:
    source = tmp_path / "handbook.csv"
    source.write_text(HANDBOOK)
    told = report(
        *("--from", str(source), "--mapping", "handbook", *options),
        *("--to-file", str(tmp_path / "orders.jsonl")),
    )
    order = json.loads((tmp_path / "orders.jsonl").read_bytes())
    label = json.loads((tmp_path / "orders.labels.jsonl").read_bytes())
    placed, known = (
        datetime.fromisoformat(text) for text in (order["event_time"], label["labelled_at"])
    )
    assert told["labels"] == 1
    assert known - placed == timedelta(days=days)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--orders", "5", "--duration", "5"], "give one of them"),
        (["--start", "tomorrow"], "--start 'tomorrow' is no time"),
        (["--start", "9999-12-31"], "--start: the stream would end after"),
        (["--start", "0001-01-01"], "--start: a stream cannot begin before 1970"),
        (["--shuffle", "inf"], "--shuffle: inf"),
        (["--attacks", "magic"], "no scenario 'magic'"),
        (["--mapping", "handbook"], "belong together"),
        (["--from", "x.csv", "--mapping", "handbook", "--label-delay", "soon"], "'soon'"),
        (["--from", "x.csv", "--mapping", "handbook", "--label-delay", "²d"], "'²d' is no length"),
        (["--from", "x.csv", "--mapping", "handbook", "--label-delay", "٣d"], "'٣d' is no length"),
        (["--from", "x.csv", "--mapping", "handbook", "--label-delay", "9" * 400 + "d"], "length"),
        (["--orders", "5", "--label-delay", "rubbish"], "--label-delay is for orders of a file"),
        (["--orders", "5", "--label-delay", "7d"], "--from"),
        (["--from", "x.csv", "--mapping", "handbook", "--duration", "3"], "--duration"),
        (["--from", "x.csv", "--mapping", "hand"], "known are"),
        (["--from", "x.csv", "--mapping", "handbook", "--attacks", "all"], "--attacks and --from"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_sent(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = fraud(*arguments, "--to-file", str(tmp_path / "orders.jsonl"))
    assert isinstance(result.exception, FraudPlatformError)
    assert message in str(result.exception)
    assert result.exception.exit_code == 2


@pytest.mark.parametrize("start", ["2090-01-01", "1980-01-01"])
def test_a_file_may_hold_orders_of_any_time(tmp_path: Path, start: str) -> None:
    told = report("--orders", "5", "--start", start, "--to-file", str(tmp_path / "orders.jsonl"))
    assert told["orders"] == 5


def test_orders_that_turn_out_to_be_dead_letters_for_their_time_are_warned_of() -> None:
    now, oldest = datetime(2026, 3, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)
    summary = ProduceSummary(
        produced=2,
        acknowledged=2,
        failed=0,
        errors={},
        orders=2,
        duplicates=0,
        malformed=0,
        labels=0,
        labels_failed=0,
        labels_to_come=0,
        seconds=1,
        first_event_at=oldest,
        last_event_at=now + timedelta(hours=1),
    )
    assert beyond_limits(summary, now=now, oldest=oldest) == []
    early, late = timedelta(microseconds=-1), timedelta(seconds=1)
    future, ancient = beyond_limits(summary, now=now - late, oldest=oldest - early)
    assert "dead letters (future)" in future
    assert "--start" in future
    assert "OLDEST_EVENT_TIME" in ancient


def test_ctrl_c_ends_the_run_with_everything_written_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    arguments = ["--duration", "60", "--rate", "50", "--json", "--to-file", str(path)]
    program = "from fraud_local.cli import main; main()"
    run = subprocess.Popen(
        [sys.executable, "-c", program, "produce", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    while not path.exists():
        time.sleep(0.05)
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=30)
    told = json.loads(output)
    assert run.returncode == 130
    assert told["interrupted"]
    assert len(path.read_bytes().splitlines()) == told["acknowledged"] < 3_000
