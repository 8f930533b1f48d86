"""The folder or bucket of the exports, in which a partition is replaced whole or not at all."""

from io import BytesIO
from uuid import uuid4

import pyarrow.parquet as pq
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from fraud_core.errors import ExportError
from fraud_local.exports.datasets import Table

FILE_NAME = "part-0.parquet"
"""One file a partition, always of this name: replacing it is one step, here and in a bucket."""

ROW_GROUP_ROWS = 100_000


class ExportTarget:
    """Any address that fsspec knows; raises ExportError for one whose driver is not installed."""

    def __init__(self, url: str) -> None:
        try:
            self._files, self._root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ExportError(
                f"EXPORT_URL: no files can be kept at {url.partition('://')[0]}: {error}"
            ) from error

    def replace(self, partition: str, table: Table) -> str:
        """Write the partition's file; readers see the old one or the new one, never a part."""
        folder = f"{self._root}/{partition}"
        final = f"{folder}/{FILE_NAME}"
        if not isinstance(self._files, LocalFileSystem):
            # A file left open by an error is closed, and so is shown: only a whole one is sent.
            whole = BytesIO()
            _write(table, whole)
            self._files.pipe_file(final, whole.getvalue())
            return final
        self._files.makedirs(folder, exist_ok=True)
        fresh = f"{folder}/.{uuid4().hex}"
        try:
            with self._files.open(fresh, "wb") as file:
                _write(table, file)
            self._files.mv(fresh, final)
        finally:
            if self._files.exists(fresh):
                self._files.rm_file(fresh)
        return final

    def rows(self, path: str) -> int:
        """How many rows a file says that it holds."""
        with self._files.open(path, "rb") as file:
            return pq.read_metadata(file).num_rows


def _write(table: Table, file: object) -> None:
    """The same table gives the same bytes."""
    pq.write_table(table, file, compression="zstd", row_group_size=ROW_GROUP_ROWS)
