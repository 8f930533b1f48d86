"""Folders under the system's temporary one, where every user may write: each ours alone."""

import os
import stat
import tempfile
from pathlib import Path

from fraud_core.errors import StackError


def private_folder(name: str) -> Path:
    """The temporary folder's `name`, made when it is not there."""
    folder = Path(tempfile.gettempdir()) / name
    make_private(folder)
    return folder


def make_private(folder: Path) -> None:
    """Make `folder`, or check the one that is there.

    Raises StackError when it is a link, another user's, or open to others, who could plant
    something in it.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        if not is_ours or status.st_mode & 0o077:
            raise StackError(
                f"{folder} is not a folder of this user alone: remove it, or set TMPDIR to a "
                "folder of your own"
            ) from None
