"""What a guard is to the run that takes guards away; the guards themselves are in *.toml here."""

import re
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]


class Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of source that keeps something bad from happening, and what it is without it.

    `tests` are those of which one must fail then: a file, or file::name.
    """

    name: str
    file: str
    guard: str
    without: str
    tests: tuple[str, ...]

    def removed_from(self, source: str) -> str:
        """The file's text without the guard. Raises ValueError unless it is there exactly once."""
        found = source.count(self.guard)
        if found != 1:
            raise ValueError(f"{self.file} has {self.name!r} {found} times: {self.guard}")
        return source.replace(self.guard, self.without)

    def missing_tests(self) -> list[str]:
        """Of its tests those that there are not."""
        return [test for test in self.tests if not _is_there(test)]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    guard: list[Guard]


def guards() -> list[Guard]:
    """All of them, by file and in its order."""
    return [
        guard
        for path in sorted(Path(__file__).parent.glob("*.toml"))
        for guard in msgspec.toml.decode(path.read_bytes(), type=_File).guard
    ]


def _is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    if not path.is_file():
        return False
    return not name or bool(re.search(rf"^def {name}\(", path.read_text(), flags=re.MULTILINE))
