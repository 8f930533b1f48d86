"""The generated parity test is that of the catalogue as it stands."""

from fraud_local.parity_sql import PARITY_TEST, data_test


def test_the_test_is_made_of_the_catalogue_as_it_is() -> None:
    assert PARITY_TEST.read_text(encoding="utf-8") == data_test(), (
        "the catalogue changed: run `fraud warehouse parity --write`"
    )
