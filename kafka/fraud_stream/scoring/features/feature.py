"""What a feature is, and the makers of the kinds of feature that the catalogue has many of."""

from typing import Literal

import msgspec

from fraud_stream.scoring.features.entities import TYPES, Entity
from fraud_stream.scoring.features.windows import WORDS, Window

Measure = Literal[
    "count",
    "count_if",
    "share_if",
    "distinct",
    "seen",
    "known",
    "sum",
    "mean",
    "std",
    "zscore",
    "median",
    "per_distinct",
    "since_last",
    "since_first",
    "km_from_last",
    "speed",
    "km_from_usual",
    "gap_variation",
]
Kind = Literal["count", "number", "money", "flag"]


class Feature(msgspec.Struct, frozen=True):
    """One named value: what it measures, of whom, over which window, and in which unit.

    `of` names the record column that is counted apart, looked through or summed. What is looked for
    in it is the order's own value of that column, or of the column `sought`: a shop's owner among
    customers. `kind` is the type that a rule sees; money is held in minor units of the order's
    currency.
    A feature is missing (None) when the order does not name the entity, or, where `sentence` says
    so, when there is too little history.
    """

    name: str
    entity: Entity
    window: Window
    measure: Measure
    kind: Kind
    unit: str
    sentence: str
    of: str | None = None
    sought: str | None = None

    @property
    def key(self) -> str:
        """The column of the order whose value is looked for."""
        return self.sought or self.of or ""

    @property
    def maximum(self) -> float:
        """The largest value it can take; the smallest is 0, but for a z-score."""
        return {"share": 1.0, "flag": 1.0}.get(self.unit, float("inf"))

    @property
    def resting(self) -> int | bool | None:
        """The value that most orders have; snapshots leave it out, and it stands for absence."""
        if self.measure in ("seen", "known"):
            return False
        counted = self.measure in ("count", "count_if", "distinct", "sum")
        return 0 if counted and self.entity != "voucher" else None

    @property
    def minimum(self) -> float:
        """The smallest value it can take."""
        return float("-inf") if self.measure == "zscore" else 0.0


_PLURAL = {
    "customer": "customers",
    "device": "devices",
    "ip": "ips",
    "card": "cards",
    "email": "emails",
    "address": "addresses",
    "voucher": "vouchers",
    "shop": "shops",
    "owner": "owners",
    "category": "categories",
}
_FLAGGED = {
    "declined": ("declines", "declined orders"),
    "refund": ("refunds", "refunds"),
    "voucher": ("voucher_orders", "orders with a voucher"),
    "fraud": ("frauds", "labels that say fraud"),
}
_SHARE = {"declined": "decline_share", "fraud": "fraud_share"}


def _past(window: Window) -> str:
    return f"in the {WORDS[window]} before"


def _those(entity: Entity) -> str:
    kind = TYPES[entity]
    return kind.words if kind.of_labels or kind.per_currency else f"orders of {kind.words}"


def counts(entity: Entity, *windows: Window) -> list[Feature]:
    """How many there are."""
    kind = TYPES[entity]
    noun = "purchases" if kind.per_currency else "labels" if kind.of_labels else "orders"
    name = entity.removesuffix("_labels").removesuffix("_spend")
    return [
        Feature(
            f"{name}_{noun}_{w}",
            entity,
            w,
            "count",
            "count",
            noun,
            f"Number of {_those(entity)} {_past(w)}.",
        )
        for w in windows
    ]


def flagged(entity: Entity, of: str, *windows: Window) -> list[Feature]:
    """How many have a mark: declined, refund, with a voucher, fraud."""
    name = entity.removesuffix("_labels")
    noun, what = _FLAGGED[of]
    return [
        Feature(
            f"{name}_{noun}_{w}",
            entity,
            w,
            "count_if",
            "count",
            "labels" if TYPES[entity].of_labels else "orders",
            f"Number of {what} among {_those(entity)} {_past(w)}.",
            of,
        )
        for w in windows
    ]


def shares(entity: Entity, of: str, *windows: Window) -> list[Feature]:
    """Which part has a mark."""
    name = entity.removesuffix("_labels")
    return [
        Feature(
            f"{name}_{_SHARE[of]}_{w}",
            entity,
            w,
            "share_if",
            "number",
            "share",
            f"Share of {_FLAGGED[of][1]} among {_those(entity)} {_past(w)}; missing without any.",
            of,
        )
        for w in windows
    ]


def distinct(entity: Entity, of: str, *windows: Window) -> list[Feature]:
    """How many different others they name."""
    return [
        Feature(
            f"{entity}_{_PLURAL[of]}_{w}",
            entity,
            w,
            "distinct",
            "count",
            _PLURAL[of],
            f"Number of different {_PLURAL[of]} among orders of {TYPES[entity].words} {_past(w)}.",
            of,
        )
        for w in windows
    ]


def seen(entity: Entity, of: str, window: Window) -> Feature:
    """Whether this order's other is among those they name."""
    return Feature(
        f"{entity}_{of}_seen_{window}",
        entity,
        window,
        "seen",
        "flag",
        "flag",
        f"Whether an order of {TYPES[entity].words} named this order's {of} {_past(window)}; "
        f"missing when the order names none.",
        of,
    )


def owner_bought(entity: Entity, window: Window) -> Feature:
    """Whether the owner of this order's shop is among their customers."""
    return Feature(
        f"{entity}_owner_bought_{window}",
        entity,
        window,
        "seen",
        "flag",
        "flag",
        f"Whether the owner of this order's shop was the customer of an order of "
        f"{TYPES[entity].words} {_past(window)}; missing when the order names no owner.",
        "customer",
        sought="owner",
    )


def known(entity: Entity, of: str) -> Feature:
    """Whether this order's other is an old acquaintance, and not one of the last day."""
    return Feature(
        f"{entity}_{of}_known_30d",
        entity,
        "30d",
        "known",
        "flag",
        "flag",
        f"Whether an order of {TYPES[entity].words} named this order's {of} in the thirty days "
        f"before, and more than 24 hours ago; missing when the order names none.",
        of,
    )


_STATISTICS: dict[Measure, tuple[str, str, str]] = {
    "sum": ("amount_sum", "Sum of the amounts of", ""),
    "mean": ("amount_mean", "Mean amount of", "; missing without any"),
    "std": ("amount_std", "Sample standard deviation of the amounts of", "; missing below two"),
    "median": ("amount_median", "Median amount of", "; missing without any"),
    "zscore": (
        "amount_z",
        "This order's amount as a distance from the mean, in standard deviations, of",
        "; missing below two purchases or when all have one amount",
    ),
}


def amounts(entity: Entity, measure: Measure, *windows: Window) -> list[Feature]:
    """A statistic of their amounts."""
    stem, start, end = _STATISTICS[measure]
    name = entity.removesuffix("_spend")
    unit = "standard deviations" if measure == "zscore" else "minor units"
    return [
        Feature(
            f"{name}_{stem}_{w}",
            entity,
            w,
            measure,
            "number" if measure == "zscore" else "money",
            unit,
            f"{start} {TYPES[entity].words} {_past(w)}{end}.",
            "amount",
        )
        for w in windows
    ]


def single(
    name: str,
    entity: Entity,
    window: Window,
    *,
    measure: Measure,
    unit: str,
    sentence: str,
    of: str,
) -> Feature:
    """One of a kind."""
    return Feature(name, entity, window, measure, "number", unit, sentence, of)


def per_buyer(entity: Entity, window: Window) -> Feature:
    """Orders a different customer: far above 1, few people order often."""
    return single(
        f"{entity}_orders_per_customer_{window}",
        entity,
        window,
        measure="per_distinct",
        unit="ratio",
        sentence=(
            f"Orders of {TYPES[entity].words} divided by their different customers "
            f"{_past(window)}; missing without any."
        ),
        of="customer",
    )
