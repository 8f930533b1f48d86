"""The broker's jars: fetched once from Maven Central, used only with the committed SHA-256."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fraud_core.errors import FetchError

LOCK_FILE = Path(__file__).with_name("kafka_jars.txt")

_PARALLEL = 6  # small jars are all round trips
_ATTEMPTS = 3
_TIMEOUT_S = 20
_LEFT_S = 24 * 3600  # no download takes a day: its process was killed

_OWN_BROKER = (
    "To use a broker that you already have instead, set KAFKA_BOOTSTRAP_SERVERS (see .env.example)"
)

Fetched = Callable[[int, int], None]
"""Called with jars there by now, and jars in all; may raise to stop the download."""


@dataclass(frozen=True)
class Jar:
    """One line of the lock file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """As Maven names it."""
        return f"{self.artifact}-{self.version}.jar"

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


Download = Callable[[Jar, Path], Path]
"""Puts a jar somewhere below a folder and says where; raises when it cannot."""


def download_from_central(jar: Jar, folder: Path) -> Path:
    """Fetch one jar from Maven Central, unchecked."""
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=folder, local_repos=[], timeout=_TIMEOUT_S)
    project = context.project(jar.group, jar.artifact)
    return project.at_version(jar.version).artifact().resolve()


def read_lock(text: str) -> tuple[Jar, ...]:
    """Jars of a lock file: `group:artifact:version sha256` a line, # starts a comment."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(_read_line(line) for line in lines if line and not line.startswith("#"))


def _read_line(line: str) -> Jar:
    coordinates, sha256 = line.split()
    group, artifact, version = coordinates.split(":")
    return Jar(group, artifact, version, sha256)


def cache_folder(lock_text: str) -> Path:
    """Where the jars of this lock are kept, for all clones of this user."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(lock_text.encode()).hexdigest()[:12]
    return base / "fraud-platform" / f"kafka-{name}"


def is_intact(path: Path, jar: Jar) -> bool:
    """Whether the file is there and is the one that the lock means."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def ensure_jars(
    jars: Iterable[Jar], folder: Path, fetched: Fetched, download: Download = download_from_central
) -> None:
    """Have every jar in `folder`, fetching what is missing or damaged; nothing else stays there.

    Raises FetchError naming the jar that could not be fetched or is not what it should be.
    """
    wanted = {folder / jar.filename: jar for jar in jars}
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.jar"):
        if path not in wanted:
            path.unlink()  # Java is given the whole folder
    _remove_left(folder)
    missing = [jar for path, jar in wanted.items() if not is_intact(path, jar)]
    already = len(wanted) - len(missing)
    fetched(already, len(wanted))
    if missing:
        with _download_folder(folder) as downloads:
            tasks = [partial(_fetch, jar, downloads, folder, download) for jar in missing]
            _run_all(tasks, lambda count: fetched(already + count, len(wanted)))


def _run_all(tasks: list[Callable[[], None]], done: Callable[[int], None]) -> None:
    """Several at a time; the first failure cancels those that have not begun."""
    with ThreadPoolExecutor(_PARALLEL) as threads:
        futures = [threads.submit(task) for task in tasks]
        try:
            for count, future in enumerate(futures, start=1):
                future.result()
                done(count)
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _remove_left(folder: Path) -> None:
    """Downloads of killed runs; a younger one may be that of another clone."""
    for path in folder.glob("download-*"):
        if time.time() - path.stat().st_mtime > _LEFT_S:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _download_folder(folder: Path) -> Generator[Path]:
    """On the same file system as the cache, so that a jar appears there whole or not at all."""
    downloads = Path(tempfile.mkdtemp(prefix="download-", dir=folder))
    try:
        yield downloads
    finally:
        shutil.rmtree(downloads, ignore_errors=True)


def _fetch(jar: Jar, downloads: Path, folder: Path, download: Download) -> None:
    path = _download_patiently(jar, downloads, download)
    if not is_intact(path, jar):
        raise FetchError(
            f"{jar} from Maven Central does not have the SHA-256 that {LOCK_FILE.name} demands; "
            f"it was not used. {_OWN_BROKER}"
        )
    path.replace(folder / jar.filename)


def _download_patiently(jar: Jar, downloads: Path, download: Download) -> Path:
    problem = ""
    for attempt in range(_ATTEMPTS):
        try:
            # A folder an attempt: jgo would take what an attempt left unfinished for the file.
            return download(jar, downloads / f"{jar.artifact}-{attempt}")
        except Exception as error:  # jgo's own errors, those of requests and of the system
            problem = str(error)
    raise FetchError(
        f"could not fetch {jar} from Maven Central ({problem}). Is there a network? {_OWN_BROKER}"
    )
