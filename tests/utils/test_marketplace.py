"""The marketplace that the simulation trades in: what was new or changed."""

from datetime import UTC, datetime, timedelta, timezone

from fraud_local.reference.marketplace import Marketplace

TEN = datetime(2024, 3, 1, 10, tzinfo=UTC)


def test_an_hour_is_the_same_whatever_zone_it_is_told_in() -> None:
    marketplace = Marketplace(1, 300)
    found = marketplace.changes(TEN, TEN + timedelta(hours=1))
    nepal = timezone(timedelta(hours=5, minutes=45))
    there = TEN.astimezone(nepal)
    assert found.customers
    assert marketplace.changes(there, there + timedelta(hours=1)) == found
