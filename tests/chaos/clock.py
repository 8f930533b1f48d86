"""Wall clocks that can be set, one for each process that is started with its variables."""

import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SOURCE = Path(__file__).with_name("shifted_clock.c")


def build_shifted_clock(folder: Path) -> Path | None:
    """The library to preload, or None where there is no C compiler or no preloading."""
    compiler, library = shutil.which("cc"), folder / "shifted_clock.so"
    if compiler is None:
        return None
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", library, _SOURCE, "-ldl"]
    built = subprocess.run(command, capture_output=True, check=False).returncode == 0
    library.chmod(0o755) if built else None
    return library if built and _works(library, folder) else None


class Clock:
    """Right until it is set; whoever may read the file can live by it."""

    def __init__(self, library: Path | None, file: Path) -> None:
        self._library = library
        self._file = file
        self.set_off_by(0)
        file.chmod(0o644)

    def set_off_by(self, seconds: float) -> None:
        """Jump to so far ahead of the right time; negative is behind it."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("d", seconds))

    @property
    def variables(self) -> Mapping[str, str]:
        """What a process is started with to live by this clock."""
        if self._library is None:
            return {}
        return {"LD_PRELOAD": str(self._library), "CLOCK_SHIFT_FILE": str(self._file)}


def _works(library: Path, folder: Path) -> bool:
    """Whether a process lives by it here; other systems preload in other ways, or not at all."""
    clock = Clock(library, folder / "probe.clock")
    clock.set_off_by(-2_000_000_000)
    shown = subprocess.run(
        ["date", "+%Y"], env=dict(clock.variables), capture_output=True, text=True, check=False
    )
    return shown.stdout.strip().isdigit() and int(shown.stdout) < 2000
