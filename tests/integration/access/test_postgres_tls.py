"""Postgres with TLS as in the containers: verify-full gets in, and nothing without TLS does."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from pydantic import SecretStr

from fraud_core.database import connect
from fraud_core.errors import StackError
from fraud_core.migrations import migrate
from fraud_core.settings import REPOSITORY, Role, Settings, load_settings
from fraud_local.account import Account, unprivileged_account
from fraud_local.certificates import make_certificates
from fraud_local.dbt import dbt_environment
from fraud_local.ports import LOOPBACK, choose
from fraud_local.postgres import Postgres

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 60.0
PATIENT = {"connect_timeout": 60}
ACCESS = REPOSITORY / "postgres/tls/pg_hba.conf"
START = REPOSITORY / "postgres/tls/start.sh"
PASSWORD = "only-for-this-test"


def options(folder: Path) -> list[str]:
    """The server's options of `start.sh`, with the files where they are here."""
    text = START.read_text().replace("\\\n", " ")
    (line,) = (line for line in text.splitlines() if line.startswith("exec "))
    found = line.partition('"$@"')[2]
    for there, here in {
        "/run/secrets/postgres_certificate": folder / "postgres_certificate",
        "/tmp/postgres.key": folder / "postgres_key",  # noqa: S108 - a name in the script
        "/etc/fraud/pg_hba.conf": folder / "pg_hba.conf",
    }.items():
        assert there in found
        found = found.replace(there, str(here))
    return found.split()


@pytest.fixture(scope="module")
def server() -> Generator[Settings]:
    """A server with TLS; its certificate is for 127.0.0.1 and not for `localhost`."""
    account = unprivileged_account()
    home = Path(tempfile.mkdtemp(prefix="fraud-tls-"))
    home.chmod(0o711)
    certificates = home / "certificates"
    make_certificates(certificates, [LOOPBACK])
    shutil.copy(ACCESS, certificates)
    (certificates / "postgres_key").chmod(0o600)
    if account:
        for path in (certificates, *certificates.iterdir()):
            os.chown(path, account.uid, account.gid)
    port = choose({"postgres": 35_432}, {})["postgres"]
    postgres = system_server(home, port, account)
    postgres.prepare(PASSWORD)
    command = [*postgres.program().command, *options(certificates)]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=home,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    try:
        settings = settings_of(home, port, certificates)
        until = time.monotonic() + PATIENCE_SECONDS
        while not postgres.answers(PASSWORD):
            assert process.poll() is None, (home / "server.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        postgres.make_owner(settings, PASSWORD)
        migrate(settings)
        yield settings
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        shutil.rmtree(home)


def system_server(home: Path, port: int, account: Account | None) -> Postgres:
    """The wheel's is built without TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fraud_local.postgres_binaries._wheel_folders", lambda: iter(()))
        try:
            return Postgres(home, port, account)
        except StackError:
            pytest.skip("the system has no Postgres, and the wheel's is built without TLS")


def settings_of(home: Path, port: int, certificates: Path) -> Settings:
    passwords = ("postgres", "consumer", "dbt", "analyst", "airflow_db")
    return load_settings(
        fraud_home=home,
        postgres_host=LOOPBACK,
        postgres_port=port,
        postgres_sslmode="verify-full",
        postgres_ca_file=certificates / "authority.pem",
        pseudonym_key=SecretStr("k" * 32),
        **{f"{name}_password": SecretStr(PASSWORD) for name in passwords},
    )


@pytest.mark.parametrize("role", list(Role))
def test_every_role_gets_in_by_tls(server: Settings, role: Role) -> None:
    with closing(connect(server, role, application="tests", **PATIENT)) as session:
        cursor = session.cursor()
        cursor.execute("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()")
        assert cursor.fetchone() == (True, "TLSv1.3")


def test_dbt_and_airflow_are_told_to_verify_too(server: Settings) -> None:
    told = dbt_environment(server)

    assert told["PGSSLMODE"] == "verify-full"
    assert told["PGSSLROOTCERT"] == str(server.postgres_ca_file)


def test_a_server_under_another_name_is_refused(server: Settings) -> None:
    elsewhere = server.model_copy(update={"postgres_host": "localhost"})

    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        connect(elsewhere, Role.CONSUMER, application="tests", **PATIENT)


def test_a_server_of_another_authority_is_refused(server: Settings, tmp_path: Path) -> None:
    make_certificates(tmp_path, [LOOPBACK])
    other = server.model_copy(update={"postgres_ca_file": tmp_path / "authority.pem"})

    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        connect(other, Role.CONSUMER, application="tests", **PATIENT)


def test_without_tls_the_right_password_does_not_get_in(server: Settings) -> None:
    plain = server.model_copy(update={"postgres_sslmode": "disable", "postgres_ca_file": None})

    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        connect(plain, Role.CONSUMER, application="tests", **PATIENT)


def test_renewed_certificates_are_signed_by_the_same_authority(tmp_path: Path) -> None:
    make_certificates(tmp_path, [LOOPBACK])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make_certificates(tmp_path, [LOOPBACK])
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    unchanged = {name for name in before if before[name] == after[name]}
    assert unchanged == {"authority.pem", "authority.key"}
