"""Lines of generated Python, indented as they are nested."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager


class Source:
    """Collects lines; `with source.block("if x:")` nests what follows."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0

    def add(self, *lines: str) -> None:
        """Add lines at the present depth."""
        self._lines.extend("    " * self._depth + line for line in lines)

    def extend(self, lines: Iterable[str]) -> None:
        """Add an iterable of lines."""
        self.add(*lines)

    @contextmanager
    def block(self, head: str) -> Generator[None]:
        """Open a block under `head`; an empty one gets a `pass`."""
        self.add(head)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.add("pass")
        self._depth -= 1

    def text(self) -> str:
        """The program so far."""
        return "\n".join(self._lines) + "\n"
