"""What the person at the terminal brings: their name, a file, an edited text."""

import os
import pwd
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from fraud_core.errors import DeadLetterError, FraudPlatformError, RuleError


def user_name() -> str:
    """The account's name by its id, which unlike the variable USER cannot be made up."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container an id need not have a name
        return f"uid {os.getuid()}"


def bytes_of(file: Path) -> bytes:
    """The file's content. Raises DeadLetterError when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise DeadLetterError(f"--file {file} cannot be read: {error.strerror}") from error


def write_for_oneself(file: Path, content: bytes) -> None:
    """Write to what the user named, which nobody else can read then if it is a file.

    Raises DeadLetterError when it cannot be written.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fchmod(descriptor, 0o600)
            opened.write(content)
    except OSError as error:
        raise DeadLetterError(
            f"--value-to: {file} cannot be written: {error.strerror or error}"
        ) from error


def read_text(file: Path) -> str:
    """The text of a file that the user named, or a RuleError that says what is wrong with it."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"cannot read {file}: {error}") from error


@contextmanager
def kept_when_refused(text: bytes, *, suffix: str) -> Generator[None]:
    """Whoever wrote it is told, with the refusal, where it is kept."""
    try:
        yield
    except FraudPlatformError as error:
        descriptor, name = tempfile.mkstemp(prefix="fraud-edited-", suffix=suffix)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
        error.args = (f"{error}. What you wrote is in {name}: go on from it with --file",)
        raise


def with_editor(text: bytes, *, suffix: str) -> bytes:
    """What $VISUAL or $EDITOR makes of the text, in a file that nobody else can read."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise DeadLetterError("neither --file nor the variable EDITOR says how to edit it")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"value{suffix}"
        file.write_bytes(text)
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise DeadLetterError(
                f"the editor {editor!r} failed, so nothing was sent: {error}"
            ) from error
        return file.read_bytes()
