"""An authority of your own, and certificates for Kafka and Postgres, so that clients can use TLS.

For a trial and for machines that nobody else talks to; where there is an authority already, let it
sign instead. The folder takes the same files either way:

    authority.pem          what clients trust (KAFKA_CA_FILE, POSTGRES_CA_FILE)
    authority.key          signs the next certificates; no service needs it, so keep it elsewhere
    kafka_certificate      Kafka's key and certificate, in one PEM file as it wants them
    postgres_certificate   Postgres's certificate
    postgres_key           and its key
"""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fraud_core.errors import SettingsError

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397
"""What most clients still take from an authority; `make certificates` makes new ones any time."""

AUTHORITY, AUTHORITY_KEY = "authority.pem", "authority.key"


class Pair(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def certificate_text(self) -> bytes:
        """As PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    def key_text(self) -> bytes:
        """As unencrypted PKCS#8, which is what Kafka and Postgres read without a password."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_certificates(folder: Path, hosts: Sequence[str]) -> list[Path]:
    """New certificates for `hosts`, signed by the folder's authority, which is made when missing.

    `hosts` are all the names and addresses by which clients reach the servers: verify-full takes no
    other. The folder and the keys are their owner's alone, but for those that are mounted into
    containers, whose users this machine does not know. Returns the files written; raises
    SettingsError for a folder that cannot be made or is open to others, and for a host that is not
    ASCII.
    """
    names = [_host(host) for host in hosts]
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except (FileNotFoundError, FileExistsError, NotADirectoryError) as error:
        raise SettingsError(
            f"--folder {folder} cannot be made ({error.strerror}): name a folder that is there, or "
            "a new one in a folder that is there"
        ) from error
    if folder.stat().st_mode & 0o077:
        raise SettingsError(
            f"--folder {folder} is open to others, who could read the keys: `chmod 700 {folder}`, "
            "or name a new folder"
        )
    authority = _authority(folder)
    kafka, postgres = (_server(authority, name, names) for name in ("kafka", "postgres"))
    return [
        # First: a key that was left alone is replaced, and a certificate alone is no authority.
        _write(folder / AUTHORITY_KEY, authority.key_text(), 0o400),
        _write(folder / AUTHORITY, authority.certificate_text(), 0o444),
        _write(folder / "kafka_certificate", kafka.key_text() + kafka.certificate_text(), 0o444),
        _write(folder / "postgres_certificate", postgres.certificate_text(), 0o444),
        _write(folder / "postgres_key", postgres.key_text(), 0o444),
    ]


def _authority(folder: Path) -> Pair:
    certificate, key = folder / AUTHORITY, folder / AUTHORITY_KEY
    if not certificate.exists():
        return _new_authority()
    if not key.exists():
        raise SettingsError(
            f"{certificate} is there, and {key} is not: put the key back to sign with it, or move "
            "the certificate away to start with a new authority that every client has to be given"
        )
    try:
        loaded = load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # no key, or one behind a password
        loaded = None
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise SettingsError(f"{key} is not a key of an authority that `make certificates` made")
    return Pair(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)


def _new_authority() -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("fraud-platform authority")
    usage = x509.KeyUsage(
        *(False, False, False, False, False),
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    unsigned = (
        _unsigned(name, name, key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return Pair(unsigned.sign(key, hashes.SHA256()), key)


def _server(authority: Pair, name: str, hosts: Sequence[x509.GeneralName]) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    signer = authority.certificate.subject
    issuer_key = authority.key.public_key()
    unsigned = (
        _unsigned(_name(name), signer, key, CERTIFICATE_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        # Kafka's nodes are each other's clients as well.
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
        )
    )
    return Pair(unsigned.sign(authority.key, hashes.SHA256()), key)


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    # An hour back, for clocks that are not quite the same.
    begin = datetime.now(UTC) - timedelta(hours=1)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(identifier, critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError as error:
        raise SettingsError(
            f"--host {host!r} is not ASCII: give the name as DNS has it, which begins with xn--"
        ) from error


def _write(path: Path, content: bytes, mode: int) -> Path:
    """Whole or not at all, and never readable by more than in the end."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    unfinished.chmod(mode)
    return unfinished.replace(path)
