"""Every feature there is, each described once: docs, rule checks, code and the SQL twin read this.

A window is [t - w, t) in event time over what was ingested before the order, which is never inside
its own windows; orders with exactly its time are not either. An order that comes late sees the
windows before its own time, as far back as state still goes (`retention`).
"""

from collections.abc import Mapping

from fraud_stream.scoring.features.entities import ENTITIES, Entity
from fraud_stream.scoring.features.feature import (
    Feature,
    amounts,
    counts,
    distinct,
    flagged,
    known,
    owner_bought,
    per_buyer,
    seen,
    shares,
    single,
)
from fraud_stream.scoring.features.windows import LATENESS, LENGTH

_CUSTOMER: list[Feature] = [
    *counts("customer", "5m", "1h", "24h", "7d", "30d"),
    *flagged("customer", "declined", "1h", "24h"),
    *flagged("customer", "refund", "7d", "30d"),
    *flagged("customer", "voucher", "24h"),
    *shares("customer", "declined", "24h"),
    *distinct("customer", "card", "24h", "7d"),
    *distinct("customer", "device", "24h", "7d"),
    *distinct("customer", "ip", "24h"),
    *distinct("customer", "shop", "1h", "24h", "7d"),
    *distinct("customer", "address", "24h", "7d"),
    *(known("customer", of) for of in ("device", "card", "address")),
    seen("customer", "shop", "24h"),
    *(seen("customer", of, "30d") for of in ("device", "card", "address", "category", "shop")),
    single(
        "customer_minutes_since_last",
        "customer",
        "30d",
        measure="since_last",
        unit="minutes",
        sentence=(
            "Minutes since the customer's previous order; missing without one in the "
            "thirty days before."
        ),
        of="at",
    ),
    single(
        "customer_days_since_first",
        "customer",
        "30d",
        measure="since_first",
        unit="days",
        sentence=(
            "Days since the customer's first order of the thirty days before; missing without one."
        ),
        of="at",
    ),
    single(
        "customer_km_from_last",
        "customer",
        "30d",
        measure="km_from_last",
        unit="km",
        sentence=(
            "Distance between the places of the customer's previous order and of this "
            "one; missing when either has no place."
        ),
        of="place",
    ),
    single(
        "customer_speed_kmh",
        "customer",
        "30d",
        measure="speed",
        unit="km/h",
        sentence=(
            "Speed at which the customer would have come from the place of the previous "
            "order; missing when either has no place."
        ),
        of="place",
    ),
    single(
        "customer_km_from_usual_30d",
        "customer",
        "30d",
        measure="km_from_usual",
        unit="km",
        sentence=(
            "Distance from the middle of the places of the customer's orders in the "
            "thirty days before; missing when this one or all of those have none."
        ),
        of="place",
    ),
    single(
        "customer_gap_variation_24h",
        "customer",
        "24h",
        measure="gap_variation",
        unit="ratio",
        sentence=(
            "Spread of the gaps between the customer's orders of the 24 hours before and "
            "this one (longest minus shortest, over their mean; the last eight at most): "
            "near 0 is a clock, not a person; missing below three earlier orders."
        ),
        of="at",
    ),
]

_SHARED: list[Feature] = [
    *counts("device", "5m", "1h", "24h", "7d"),
    *flagged("device", "declined", "1h"),
    *distinct("device", "customer", "1h", "24h", "7d"),
    *distinct("device", "card", "24h"),
    *distinct("device", "email", "24h"),
    *distinct("device", "owner", "7d"),
    *distinct("device", "voucher", "24h"),
    seen("device", "card", "24h"),
    seen("device", "customer", "7d"),
    seen("device", "shop", "7d"),
    owner_bought("device", "7d"),
    *counts("ip", "5m", "1h", "24h"),
    *flagged("ip", "declined", "1h"),
    *shares("ip", "declined", "1h"),
    *distinct("ip", "customer", "1h", "24h"),
    *distinct("ip", "card", "1h", "24h"),
    *counts("card", "5m", "1h", "24h", "7d"),
    *flagged("card", "declined", "1h", "24h"),
    *distinct("card", "customer", "24h", "7d"),
    *distinct("card", "ip", "1h", "24h"),
    *distinct("card", "shop", "1h", "24h"),
    *distinct("card", "owner", "7d"),
    seen("card", "customer", "7d"),
    seen("card", "shop", "7d"),
    owner_bought("card", "7d"),
    *counts("email", "1h", "24h"),
    *distinct("email", "card", "24h"),
    seen("email", "card", "24h"),
    *distinct("email", "customer", "24h", "7d"),
    *counts("address", "24h", "7d"),
    *distinct("address", "customer", "24h", "7d"),
    *distinct("address", "card", "7d"),
    *counts("voucher", "1h", "24h"),
    *distinct("voucher", "customer", "1h", "24h"),
    *distinct("voucher", "device", "24h"),
    *distinct("voucher", "address", "24h"),
]


_SHOP: list[Feature] = [
    *counts("shop", "1h", "24h", "7d"),
    *flagged("shop", "declined", "1h"),
    *shares("shop", "declined", "24h"),
    *flagged("shop", "refund", "7d"),
    *distinct("shop", "customer", "1h", "24h"),
    *distinct("shop", "device", "1h", "24h"),
    per_buyer("shop", "1h"),
    per_buyer("shop", "24h"),
    *counts("owner", "1h", "24h"),
    *distinct("owner", "customer", "24h"),
    *distinct("owner", "device", "24h"),
]

_SPEND: list[Feature] = [
    *counts("customer_spend", "24h", "7d", "30d"),
    *amounts("customer_spend", "sum", "24h", "7d", "30d"),
    *amounts("customer_spend", "mean", "24h", "7d", "30d"),
    *amounts("customer_spend", "std", "30d"),
    *amounts("customer_spend", "zscore", "30d"),
    *amounts("customer_spend", "median", "30d"),
    *counts("shop_spend", "1h", "24h", "30d"),
    *amounts("shop_spend", "mean", "1h", "24h", "30d"),
    *amounts("shop_spend", "std", "30d"),
    *amounts("shop_spend", "zscore", "30d"),
    *counts("category_spend", "7d"),
    *amounts("category_spend", "mean", "7d"),
    *amounts("category_spend", "std", "7d"),
    *amounts("category_spend", "zscore", "7d"),
]

_LABELS: list[Feature] = [
    *counts("shop_labels", "24h", "7d", "30d"),
    *flagged("shop_labels", "fraud", "24h", "7d", "30d"),
    *shares("shop_labels", "fraud", "24h", "7d", "30d"),
    *counts("device_labels", "30d"),
    *flagged("device_labels", "fraud", "30d"),
    *shares("device_labels", "fraud", "30d"),
    *counts("card_labels", "30d"),
    *flagged("card_labels", "fraud", "30d"),
    *shares("card_labels", "fraud", "30d"),
]

CATALOGUE: dict[str, Feature] = {
    feature.name: feature for feature in (*_CUSTOMER, *_SHARED, *_SHOP, *_SPEND, *_LABELS)
}


def retention(entity: Entity) -> int:
    """Microseconds of event time that an entity's history is kept, whatever the rules ask for."""
    return LATENESS + max(LENGTH[f.window] for f in CATALOGUE.values() if f.entity == entity)


RETENTION: Mapping[str, int] = {entity: retention(entity) for entity in ENTITIES}
