"""Files by suffix: what goes in comes out, and the same bytes make the same file."""

from pathlib import Path

import pytest

from fraud_stream.producer.files import labels_beside, reading, writing
from fraud_stream.producer.sinks import FileError, FileSink

SUFFIXES = ["", ".gz", ".xz", ".zst"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"orders.jsonl{suffix}"
    with writing(path) as file:
        file.write(b"one\n")
        file.write(b"two\n")
    with reading(path) as file:
        assert file.read() == b"one\ntwo\n"


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_a_packed_file_is_smaller(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"orders.jsonl{suffix}"
    with writing(path) as file:
        file.write(b"the same line\n" * 1_000)
    assert path.stat().st_size < 1_000


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_bytes_make_the_same_file_whatever_its_name(tmp_path: Path, suffix: str) -> None:
    paths = [tmp_path / f"{name}.jsonl{suffix}" for name in "ab"]
    for path in paths:
        with writing(path) as file:
            file.write(b"one\n")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_labels_go_to_a_file_beside_the_orders() -> None:
    assert labels_beside(Path("x/run.jsonl.gz")) == Path("x/run.labels.jsonl.gz")
    assert labels_beside(Path("run")) == Path("run.labels")


def test_each_message_is_one_line_even_a_broken_one(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with FileSink(path) as sink:
        sink.send([(b"c", b'{"a":\n1}'), (b"c", None), (b"c", b"x")], [(b"t", b"label")])
    assert path.read_bytes() == b'{"a":1}\n\nx\n'
    assert (tmp_path / "orders.labels.jsonl").read_bytes() == b"label\n"
    assert (sink.orders.sent, sink.orders.acknowledged, sink.labels.sent) == (3, 3, 1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_said_with_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"orders.jsonl{suffix}"
    path.symlink_to("/dev/full")
    with pytest.raises(FileError, match=r"orders\.jsonl.*No space left"), FileSink(path) as sink:
        sink.send([(b"c", b"x" * 100_000)], [])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nowhere"), FileSink(tmp_path / "nowhere" / "a.jsonl"):
        pass
