"""A real Postgres server of our own: passwords over TCP on loopback, no sockets, checksums."""

import hashlib
import locale
import os
import shutil
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import encrypt_password

from fraud_core.errors import SettingsError, StackError
from fraud_core.migrations import close_maintenance_databases
from fraud_core.settings import Settings
from fraud_local.account import Account, can_reach, run_as
from fraud_local.direct_io import takes_direct_writes
from fraud_local.ports import LOOPBACK
from fraud_local.postgres_binaries import Binaries, copy_of, find_binaries
from fraud_local.program import Program

NAME = "postgres"
SUPERUSER = "postgres"
OUTSIDE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - ours, closed, and checked

CONFIGURATION = f"""\
# Written by `fraud up`. Modest, for a laptop that runs everything else as well.
listen_addresses = '{LOOPBACK}'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
# A page that a table grew by is written to the file as zeros at once, and with its rows when it
# leaves these buffers: in less than half a minute, or the system writes the zeros, all together.
shared_buffers = '96MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
effective_cache_size = '1GB'
max_wal_size = '2GB'
# Files of the log are used again, and new ones are not filled with zeros first: whoever commits
# would wait for that, tens of milliseconds every 16 MB.
min_wal_size = '1GB'
wal_init_zero = off
# A server of which a process has crashed, on a full disk for one, ends and is started again by its
# keeper. Starting again by itself, 18 can stay without the process that recovers for ever.
restart_after_crash = off
# Most of a landing's log is written beside it, while its rows still come in.
wal_writer_delay = '5ms'
# What is dirty goes to the disk in small parts all the time: when the system writes half a minute's
# worth of it at once, every commit waits behind it.
backend_flush_after = '256kB'
bgwriter_flush_after = '256kB'
bgwriter_delay = '20ms'
bgwriter_lru_maxpages = 400
# Queries are small and many; compiling one costs more than it saves.
jit = off
checkpoint_completion_target = 0.9
random_page_cost = 1.1
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, ymd'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d %a '
log_checkpoints = off
default_text_search_config = 'pg_catalog.simple'
"""

_DIRECT_LOG = """\
# The log goes to the disk past the system's cache: nobody reads it again but after a crash, and
# copying it to pages that must be found and cleared first costs more than all else about it.
debug_io_direct = 'wal'
"""

_FIRST_WITH_DIRECT_LOG = 16
_FIRST_WITH_OWN_LETTERS = 17
_LETTERS = "C.UTF-8"

_ACCESS = f"""\
# Written by `fraud up`: a password for everybody, from this machine only.
host all all {LOOPBACK}/32 scram-sha-256
"""


def choose_home(folder: Path, remembered: str | None, account: Account | None) -> Path:
    """Where data can live: `folder`, unless `account` cannot get there (a clone below /root).

    Then it is a folder of this clone's own outside, remembered in the state folder. When nothing
    remembers it, the state folder was deleted, and what it left outside is deleted too.
    """
    if remembered is not None and Path(remembered).is_dir():
        return Path(remembered)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711 if account else 0o700)
    if can_reach(account, folder):
        return folder
    return _outside_home(folder)


def _outside_home(folder: Path) -> Path:
    path = str(folder)
    apart = hashlib.sha256(path.encode()).hexdigest()[:8]  # of /a/b-c and /a-b/c
    name = f"{path.strip('/').replace('/', '-')}-{apart}"
    for base in OUTSIDE:
        home = base / "fraud-platform" / name
        if not os.access(base, os.W_OK):
            continue
        if home.exists() and (home.is_symlink() or home.stat().st_uid != os.geteuid()):
            raise StackError(f"{home} is not ours: remove it")
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        home.parent.chmod(0o711)
        home.chmod(0o711)
        return home
    raise StackError(
        f"Postgres's user cannot reach {folder}, and neither /var/lib nor /var/tmp can be written "
        "to. Move the clone to where other users may look, or set POSTGRES_HOST"
    )


def _locale(major: int) -> tuple[str, ...]:
    """The same sort order on every machine, by code points; case is that of all letters.

    Before 17 the system has to know them. Where it does not, only ASCII has upper and lower case.
    """
    if major >= _FIRST_WITH_OWN_LETTERS:
        return "--no-locale", "--locale-provider=builtin", f"--builtin-locale={_LETTERS}"
    return ("--no-locale", f"--lc-ctype={_LETTERS}") if _is_known(_LETTERS) else ("--no-locale",)


def _is_known(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return True


class Postgres:
    """The server's files under `home`, and how to start it."""

    def __init__(self, home: Path, port: int, account: Account | None) -> None:
        self._home = home
        self._data = home / "data"
        self._account = account
        self._port = port
        self._binaries = self._reachable(find_binaries(self._data, account))
        self.address = f"{LOOPBACK}:{port}"

    @property
    def major(self) -> int:
        """The server's major version."""
        return self._binaries.major

    def _reachable(self, binaries: Binaries) -> Binaries:
        works = run_as(self._account, [binaries.folder / "postgres", "--version"])
        return copy_of(binaries, self._home) if works.returncode else binaries

    def prepare(self, superuser_password: str) -> None:
        """Make the cluster on the first run, and write its settings every time."""
        if not (self._data / "PG_VERSION").exists():
            self._initialise(superuser_password)
        direct = self.major >= _FIRST_WITH_DIRECT_LOG and takes_direct_writes(self._data)
        configuration = CONFIGURATION + (_DIRECT_LOG if direct else "")
        (self._data / "postgresql.conf").write_text(configuration)
        (self._data / "pg_hba.conf").write_text(_ACCESS)

    def _initialise(self, superuser_password: str) -> None:
        """A cluster that an interrupted run left half made is made again."""
        fresh = self._home / "data.unfinished"
        password_file = self._home / "superuser-password"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password_file.touch(mode=0o600)
        password_file.write_text(superuser_password)
        self._own(fresh, password_file)
        try:
            self._run_initdb(fresh, password_file)
        finally:
            password_file.unlink()
        fresh.rename(self._data)

    def _run_initdb(self, data: Path, password_file: Path) -> None:
        done = run_as(
            self._account,
            [
                *(self._binaries.folder / "initdb", "--pgdata", data, "--username", SUPERUSER),
                *("--pwfile", password_file, "--auth", "scram-sha-256", "--data-checksums"),
                *("--encoding", "UTF8", *_locale(self._binaries.major)),
            ],
        )
        if done.returncode:
            raise StackError(f"initdb failed:\n{(done.stdout + done.stderr)[-2000:]}")

    def _own(self, *paths: Path) -> None:
        if self._account:
            for path in paths:
                os.chown(path, self._account.uid, self._account.gid)

    def program(self) -> Program:
        """The server's process. INT is a fast shutdown; TERM would wait for every client."""
        return Program(
            name=NAME,
            command=(
                str(self._binaries.folder / "postgres"),
                *("-D", str(self._data), "-p", str(self._port)),
            ),
            directory=self._home,
            user=self._account.name if self._account else None,
            stop_signal="INT",
            stop_seconds=30,
            start_seconds=1,
        )

    def connect(self, password: str) -> Connection:
        """A superuser's connection, for what only a superuser can do."""
        return psycopg2.connect(
            host=LOOPBACK,
            port=self._port,
            user=SUPERUSER,
            password=password,
            dbname="postgres",
            connect_timeout=5,
        )

    def answers(self, password: str) -> bool:
        """Whether it takes connections now. Raises StackError when the password is wrong."""
        try:
            self.connect(password).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError(
                    f"the cluster in {self._data} was made with another password than "
                    ".fraud/env holds: restore that file, or delete the data folder to start empty"
                ) from error
            return False
        return True

    def make_owner(self, settings: Settings, superuser_password: str) -> None:
        """The owner's login and database; the owner is no superuser and makes everything else."""
        owner, secret = settings.postgres_user, settings.postgres_password
        if secret is None:
            raise StackError("the owner has no password")
        if owner == SUPERUSER:
            raise SettingsError(
                f"POSTGRES_USER: {SUPERUSER} is the embedded server's superuser, whom the stack "
                "keeps for itself; name the owner of the tables otherwise, or set POSTGRES_HOST"
            )
        connection = self.connect(superuser_password)
        connection.autocommit = True
        with connection.cursor() as cursor:
            hashed = encrypt_password(
                secret.get_secret_value(), owner, scope=connection, algorithm="scram-sha-256"
            )
            cursor.execute("select 1 from pg_roles where rolname = %s", (owner,))
            verb = sql.SQL("alter" if cursor.fetchone() else "create")
            cursor.execute(
                sql.SQL("{} role {} login createrole createdb password {}").format(
                    verb, sql.Identifier(owner), sql.Literal(hashed)
                )
            )
            cursor.execute("select 1 from pg_database where datname = %s", (settings.postgres_db,))
            if not cursor.fetchone():
                cursor.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(settings.postgres_db), sql.Identifier(owner)
                    )
                )
        close_maintenance_databases(connection)
        connection.close()
