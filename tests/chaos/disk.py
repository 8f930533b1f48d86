"""A disk of its own that can be full: a tmpfs, where mounting is allowed."""

import os
import subprocess
import sys
from pathlib import Path

SIZE_MIB = 3_072
"""Room for what a run lands; memory is used only for what is written."""

_ATTEMPTS = 100


class Disk:
    """Mounted on a folder, which must not be in use yet; without the right to, it does nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mode = f"mode={folder.stat().st_mode & 0o777:o}"
        self.is_mounted = sys.platform == "linux" and os.geteuid() == 0
        if self.is_mounted:
            self.is_mounted = self._mount("-t", "tmpfs", "-o", f"size={SIZE_MIB}m,{self._mode}")

    def fill(self) -> None:
        """No room is left from now on: nobody can write a page more than there is."""
        for _ in range(_ATTEMPTS):
            found = os.statvfs(self._folder)
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            if self._mount("-o", f"remount,size={used}"):
                return
        raise OSError(f"{self._folder}: is written to faster than it can be made smaller")

    def make_room(self) -> None:
        """As much as in the beginning."""
        if not self._mount("-o", f"remount,size={SIZE_MIB}m"):
            raise OSError(f"{self._folder}: cannot be made larger")

    def remove(self) -> None:
        """With everything on it."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self._folder], check=True)
            self.is_mounted = False

    def _mount(self, *options: str) -> bool:
        command = ["mount", *options, "tmpfs", str(self._folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
