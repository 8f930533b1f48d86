"""What names a customer is found, and what everybody's messages hold is not taken for him."""

import json
from typing import Literal
from unicodedata import normalize

import pytest

from fraud_core.errors import ErasureError
from fraud_core.settings import load_settings
from fraud_local.erasure.named import Named
from fraud_local.erasure.run import erase_customer

OF_OTHERS = b'{"schema_version":1,"customer_id":"other","customer_email":null,"is_guest":true}'


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_nobody_is_looked_for_under_a_blank_id(blank: str) -> None:
    with pytest.raises(ErasureError, match=r"CUSTOMER_ID is .*nothing was changed"):
        Named(blank, ["kanarie@example.org"])


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_id_is_refused_before_anything_is_asked_of_the_database(blank: str) -> None:
    with pytest.raises(ErasureError, match="CUSTOMER_ID"):
        erase_customer(load_settings(postgres_host=None), blank, by="officer", why="article 17")


@pytest.mark.parametrize(
    "content", [b"kanarie-1", b'{"customer_id":"KANARIE-1"}', b"it was kanarie-1."]
)
def test_an_id_is_found_wherever_it_stands_whole(content: bytes) -> None:
    assert Named("kanarie-1", []).holds(content)


@pytest.mark.parametrize("word", ["Zo\u00eb-1", "Zoe\u0308-1", "z\U0001f600-1", "shop/123"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("slash", ["/", "\\/"])
def test_an_id_is_found_however_it_is_spelt(
    word: str, form: Literal["NFC", "NFD"], is_ascii: bool, slash: str
) -> None:
    spelt = json.dumps({"customer_id": normalize(form, word)}, ensure_ascii=is_ascii)
    assert Named(word, []).holds(spelt.replace("/", slash).encode())
    assert Named("anybody", [word + "@example.org"]).holds(
        json.dumps(normalize(form, word) + "@example.org", ensure_ascii=is_ascii).encode()
    )


def test_a_part_of_another_id_is_not_his() -> None:
    assert not Named("kanarie-1", []).holds(b'{"customer_id":"kanarie-12"}')


@pytest.mark.parametrize(
    "content",
    [
        b"1",
        b'{"customer_id":"1"}',
        b'{"customer_id": 1}',
        rb'"{\"customer_id\": \"1\"}"',
        rb'"{\"customer_id\": 1}"',
    ],
)
def test_an_id_that_is_a_number_is_found_where_it_is_meant_as_an_id(content: bytes) -> None:
    assert Named("1", []).holds(content)


@pytest.mark.parametrize("content", [OF_OTHERS, b'{"customer_id":1.5}', b"failed after 1 attempt"])
def test_a_number_that_stands_for_something_else_is_not_his_id(content: bytes) -> None:
    assert not Named("1", []).holds(content)


@pytest.mark.parametrize("literal", ["null", "true", "False"])
def test_a_literal_of_json_is_nobody(literal: str) -> None:
    assert not Named(literal, []).holds(OF_OTHERS)
    assert Named(literal, []).holds(b'{"customer_id":"%s"}' % literal.encode())


@pytest.mark.parametrize("word", ["", " ", "null", "true", "1", "other", "email"])
def test_a_word_too_short_to_say_who_it_was_is_not_looked_for(word: str) -> None:
    assert not Named("kanarie-1", [word]).holds(OF_OTHERS)


def test_the_shortest_address_is_looked_for() -> None:
    assert Named("kanarie-1", ["a@b.de"]).holds(b'{"customer_email":"a@b.de"}')
