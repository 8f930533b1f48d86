"""Files by suffix: what goes in comes out, and the same bytes make the same file."""

from pathlib import Path

import pytest
import zstandard

from fraud_stream.producer.files import UNREADABLE, labels_beside, reading, writing
from fraud_stream.producer.sinks import FileError, FileSink

SUFFIXES = ["", ".gz", ".bz2", ".xz", ".zst"]
PACKED = SUFFIXES[1:]
LINES = b"".join(b"%d\n" % (number * 7919) for number in range(200_000))
"""More than a packed file gives at once."""


def packed(folder: Path, suffix: str, content: bytes = LINES) -> Path:
    path = folder / f"orders.jsonl{suffix}"
    with writing(path) as file:
        file.write(content)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"orders.jsonl{suffix}"
    with writing(path) as file:
        file.write(b"one\n")
        file.write(b"two\n")
    with reading(path) as file:
        assert file.read() == b"one\ntwo\n"


@pytest.mark.parametrize("suffix", PACKED)
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


@pytest.mark.parametrize("suffix", PACKED)
@pytest.mark.parametrize("share", [0.9, 0.999])
def test_a_cut_file_gives_what_is_there_and_then_says_so(
    tmp_path: Path, suffix: str, share: float
) -> None:
    path = packed(tmp_path, suffix)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with reading(path) as file:
        assert LINES.startswith(file.readline() + file.readline())
        with pytest.raises(EOFError):
            file.read()


@pytest.mark.parametrize("suffix", PACKED)
def test_whole_files_one_after_another_are_read_as_one(tmp_path: Path, suffix: str) -> None:
    first = packed(tmp_path, suffix).read_bytes()
    path = packed(tmp_path, suffix, b"last\n")
    path.write_bytes(first * 2 + path.read_bytes())
    with reading(path) as file:
        assert file.read() == LINES * 2 + b"last\n"


@pytest.mark.parametrize("kept", [0, 1, 4, 9, -1])
def test_a_zst_file_of_which_hardly_anything_or_nearly_all_is_left_is_cut(
    tmp_path: Path, kept: int
) -> None:
    path = packed(tmp_path, ".zst", b"one\n")
    path.write_bytes(path.read_bytes()[:kept])
    with reading(path) as file, pytest.raises(EOFError, match="the file is cut"):
        file.read()


@pytest.mark.parametrize("kept", [1, 9, -1])
def test_a_zst_file_whose_second_frame_is_cut_is_cut(tmp_path: Path, kept: int) -> None:
    frame = zstandard.compress(b"one\n")
    path = tmp_path / "orders.jsonl.zst"
    path.write_bytes(frame + frame[:kept])
    with reading(path) as file:
        assert file.readline() == b"one\n"
        with pytest.raises(EOFError, match="the file is cut"):
            file.read()


@pytest.mark.parametrize("suffix", PACKED)
def test_bad_bytes_are_unreadable(tmp_path: Path, suffix: str) -> None:
    path = packed(tmp_path, suffix)
    whole = path.read_bytes()
    path.write_bytes(whole[:20] + bytes(2_000) + whole[2_020:])
    with reading(path) as file, pytest.raises(UNREADABLE):
        file.read()


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


@pytest.mark.parametrize("suffix", ["zip", "7z", "lz4", "ZIP"])
def test_the_name_of_a_file_packed_otherwise_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(FileError, match=r"--to-file: .*\.gz, \.bz2, \.xz, \.zst"):
        FileSink(tmp_path / f"orders.jsonl.{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", PACKED)
def test_a_suffix_in_capitals_means_the_same(tmp_path: Path, suffix: str) -> None:
    small, large = packed(tmp_path, suffix), packed(tmp_path, suffix.upper())
    assert large.read_bytes() == small.read_bytes()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nowhere"), FileSink(tmp_path / "nowhere" / "a.jsonl"):
        pass
