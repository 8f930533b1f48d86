"""`fraud certificates`: whole or not at all when it is killed, and what it refuses."""

from pathlib import Path

import pytest
from cryptography import x509

from fraud_core.errors import SettingsError
from fraud_local import certificates
from fraud_local.certificates import AUTHORITY, AUTHORITY_KEY, make_certificates

_write = certificates._write  # pyright: ignore[reportPrivateUsage] - the moment of the kill


@pytest.mark.parametrize("writes", range(5))
def test_a_run_that_was_killed_after_any_file_is_made_good_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    done: list[Path] = []

    def killed(path: Path, content: bytes, mode: int) -> Path:
        if len(done) == writes:
            raise KeyboardInterrupt
        done.append(_write(path, content, mode))
        return done[-1]

    with monkeypatch.context() as patched:
        patched.setattr(certificates, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            make_certificates(tmp_path, ["localhost"])

    made = make_certificates(tmp_path, ["localhost"])

    assert {tmp_path / AUTHORITY, tmp_path / AUTHORITY_KEY} <= set(made)
    assert len([path for path in made if path.exists()]) == 5


@pytest.mark.parametrize("folder", ["none/of/these", "file", "file/within"])
def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        SettingsError, match=f"--folder .*{folder} cannot be made .*: name a folder"
    ):
        make_certificates(tmp_path / folder, ["localhost"])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_open_to_others_is_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    with pytest.raises(SettingsError, match=r"--folder .*shared is open to others.*chmod 700"):
        make_certificates(shared, ["localhost"])
    assert shared.stat().st_mode & 0o777 == 0o755
    assert list(shared.iterdir()) == []


def test_a_host_beyond_ascii_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--host 'münchen.de' is not ASCII: .* xn--"):
        make_certificates(tmp_path / "new", ["localhost", "münchen.de"])
    assert not (tmp_path / "new").exists()


def test_a_host_in_its_ascii_form_is_in_the_certificate(tmp_path: Path) -> None:
    make_certificates(tmp_path, ["127.0.0.1", "xn--mnchen-3ya.de"])
    made = x509.load_pem_x509_certificate((tmp_path / "postgres_certificate").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["xn--mnchen-3ya.de"]


@pytest.mark.parametrize("content", [b"no key", b""])
def test_a_key_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    make_certificates(tmp_path, ["localhost"])
    (tmp_path / AUTHORITY_KEY).write_bytes(content)
    with pytest.raises(SettingsError, match=r"authority\.key is not a key of an authority"):
        make_certificates(tmp_path, ["localhost"])
