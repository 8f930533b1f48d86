"""Where commands print for people: consoles that show text as it is."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def screen(*, markup: bool = False, highlight: bool = False, stderr: bool = False) -> "Console":
    """A console that leaves the text alone, unless it is told to read styles out of it.

    Rich would make emoji of the `:b:` in an IPv6 address and of the `:100:` in a place in a file.
    """
    from rich.console import Console

    return Console(emoji=False, markup=markup, highlight=highlight, stderr=stderr)
