"""What the stack tells of its progress, and to whom."""

from typing import Protocol


class Reporter(Protocol):
    """Called from several threads."""

    def doing(self, part: str, what: str) -> None:
        """`part` is at `what` now."""
        ...

    def done(self, part: str, what: str) -> None:
        """`part` is up; `what` says where."""
        ...

    def note(self, text: str) -> None:
        """Something worth knowing that belongs to no part's progress."""
        ...


class Silent:
    """For programs and tests."""

    def doing(self, part: str, what: str) -> None:
        """Say nothing."""

    def done(self, part: str, what: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""
