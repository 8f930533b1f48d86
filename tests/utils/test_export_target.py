"""A partition is replaced whole or not at all, in a folder and in a bucket."""

from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pytest

from fraud_local.exports import target as export_target
from fraud_local.exports.datasets import DATASETS
from fraud_local.exports.target import ExportTarget

PARTITION = "transactions/order_date=2026-01-05"


def table(*values: int) -> Any:
    return pa.table({"n": list(values)})


@pytest.fixture(params=["folder", "bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "folder" else f"memory:/{tmp_path}"


def test_a_partition_is_replaced_by_the_newest_table(url: str) -> None:
    target = ExportTarget(url)
    target.replace(PARTITION, table(1, 2, 3))

    path = target.replace(PARTITION, table(4))

    assert target.rows(path) == 1
    files, root = fsspec.core.url_to_fs(url)
    assert files.find(root) == [path]


def test_a_write_that_fails_leaves_the_old_partition_and_nothing_else(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = ExportTarget(url)
    path = target.replace(PARTITION, table(1, 2, 3))

    def fail(_: Any, file: Any) -> None:
        file.write(b"half a file")
        raise OSError("no space left")

    monkeypatch.setattr(export_target, "_write", fail)
    with pytest.raises(OSError, match="no space"):
        target.replace(PARTITION, table(4))

    assert target.rows(path) == 3
    files, root = fsspec.core.url_to_fs(url)
    assert files.find(root) == [path]


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    target = ExportTarget(str(tmp_path))

    first = Path(target.replace(PARTITION, table(*range(1000)))).read_bytes()

    assert Path(target.replace(PARTITION, table(*range(1000)))).read_bytes() == first


def test_the_partitions_column_is_in_no_file() -> None:
    assert all("order_date" not in dataset.schema.names for dataset in DATASETS)
