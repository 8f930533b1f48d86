"""Addresses are folded in the warehouse as they are in scoring."""

import ipaddress
from contextlib import closing
from random import Random

import pytest

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_stream.scoring.order.identity import network

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

WRITTEN = [
    *("192.0.2.1", "::ffff:192.0.2.1", "::FFFF:C000:0201", "0:0:0:0:0:ffff:192.0.2.1"),
    *("::ffff:0:1", "::fffe:192.0.2.1", "64:ff9b::192.0.2.1", "::192.0.2.1", "::", "::1"),
    *("::ffff:192.0.2.256", "::ffff:192.0.2", ":::192.0.2.1", "1:2:3:4:5:6:7:192.0.2.1"),
    *("::ffff:192.00.2.1", "2001:DB8::1", "2001:db8:1:2:3:4:5:6", "2001:db8::1::2", "fe80::1%eth0"),
    *(
        "",
        "nowhere",
        "a:b.c",
        "1::192.0.2.1 ",
        "12345::1",
        "1:2:3:4:5:6:192.0.2.1",
        "::ffff:0.0.0.0",
    ),
    *(" 192.0.2.1\t", "192.0.2.1:443", "192.0.2.1:", "192.0.2.1:123456", "[192.0.2.1]:443"),
    *("192.0.2.01", "192.0.2.256", "192.0.2", "192.0.2.1.", "192.0.2.1, 192.0.2.2", "192.0.2.0/24"),
    *("[2001:db8::1]:443", "[2001:db8::1]", "[2001:db8::1", "2001:db8::1]:443", "[fe80::1%eth0]:1"),
    *("[::ffff:192.0.2.1]:443", "::ffff:192.0.2.1%1", "fe80::1%", "fe80::1%a%b", "\u00a0192.0.2.1"),
    *("unknown", "-", "n/a", "null", " ", "[]:1", "\u0661.2.3.4", "1.2.3.4\n", "::1\v\f", "12:30"),
]


def test_addresses_fold_alike(warehouse: Settings) -> None:
    random = Random(1)
    written = WRITTEN + [_written(random) for _ in range(2_000)]

    with closing(connect(warehouse, Role.DBT, application="tests")) as dbt, dbt.cursor() as cursor:
        cursor.execute(
            "select restricted.ip_network(address) from unnest(%s::text[]) with ordinality"
            " as given (address, place) order by place",
            (written,),
        )
        found = [folded for (folded,) in cursor.fetchall()]

    assert dict(zip(written, found, strict=True)) == {text: network(text) for text in written}


def _written(random: Random) -> str:
    """An address in one of its forms: any, of few zeros and ones, or of the range of IPv4."""
    whole = random.choice(
        [
            random.getrandbits(128),
            sum(random.choice([0, 0, 0, 1, 0xFFFF]) << 16 * n for n in range(8)),
            0xFFFF << 32 | random.getrandbits(32),
        ]
    )
    address = ipaddress.IPv6Address(whole)
    groups = address.exploded.rsplit(":", 2)[0]
    dotted = f"{groups}:{ipaddress.IPv4Address(whole & 0xFFFFFFFF)}"
    written = random.choice([str(address), address.exploded, str(address).upper(), dotted])
    logged = random.choice(["{}", "{}", " {}", "[{}]:443", "[{}%eth0]", "{}%1", "{}:443", "<{}>"])
    return logged.format(written)
