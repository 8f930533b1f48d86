"""A disk of its own that can be full: a tmpfs, where mounting is allowed."""

import os
import subprocess
import sys
from pathlib import Path

SIZE_MIB = 3_072
"""Room for what a run lands; memory is used only for what is written."""

_LEFT_KIB = 256


class Disk:
    """Mounted on a folder, which must not be in use yet; without the right to, it does nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mode = f"mode={folder.stat().st_mode & 0o777:o}"
        self.is_mounted = sys.platform == "linux" and os.geteuid() == 0
        if self.is_mounted:
            self.is_mounted = self._mount("-t", "tmpfs", "-o", f"size={SIZE_MIB}m,{self._mode}")

    def fill(self) -> None:
        """Hardly any room is left from now on."""
        found = os.statvfs(self._folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize // 1024
        self._resize(f"{used + _LEFT_KIB}k")

    def make_room(self) -> None:
        """As much as in the beginning."""
        self._resize(f"{SIZE_MIB}m")

    def remove(self) -> None:
        """With everything on it."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self._folder], check=True)
            self.is_mounted = False

    def _resize(self, size: str) -> None:
        if not self._mount("-o", f"remount,size={size}"):
            raise OSError(f"{self._folder}: cannot give it another size")

    def _mount(self, *options: str) -> bool:
        command = ["mount", *options, "tmpfs", str(self._folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
