"""Writes the dbt test that holds the features stored with decisions against raw orders.

What scoring keeps at rest, and so leaves out of a snapshot, is filled in here.
"""

from collections.abc import Iterable

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_core.settings import REPOSITORY
from fraud_local.feature_sql import reading
from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.features.entities import ENTITIES, TYPES, Entity
from fraud_stream.scoring.features.feature import Feature
from fraud_stream.scoring.features.windows import LATENESS, LENGTH, SECOND, WINDOWS
from fraud_stream.scoring.order.geography import UNIT

PARITY_TEST = REPOSITORY / "dbt/data-tests/decision_features_match_history.sql"

COMPARED = 40
"""Features in one jsonb_build_object: a function takes 100 arguments at most."""

_LONGEST = {e: max(LENGTH[f.window] for f in CATALOGUE.values() if f.entity == e) for e in ENTITIES}


def data_test() -> str:
    """The text of PARITY_TEST."""
    parts = [
        _HEAD,
        *(_entity(entity) for entity in ENTITIES),
        _recomputed(),
        _TAIL.replace("__RESTING__", _resting()),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _interval(length: int) -> str:
    return f"interval '{length // SECOND} seconds'"


def _scale() -> str:
    """Minor units to a major one, by currency."""
    groups: dict[int, list[str]] = {}
    for code, digits in sorted(MINOR_UNIT_DIGITS.items()):
        groups.setdefault(digits, []).append(f"'{code}'")
    odd = " ".join(
        f"when currency in ({', '.join(codes)}) then {10**digits}"
        for digits, codes in sorted(groups.items())
        if digits != 2
    )
    return f"case {odd} else 100 end"


def _entity(entity: Entity) -> str:
    """The CTE with every feature of one kind of entity."""
    kind = TYPES[entity]
    features = [f for f in CATALOGUE.values() if f.entity == entity]
    conditions = [
        f"decided.{kind.column} = past.{kind.column}",
        "past.known_id < decided.ingest_id",
        "past.seen_at < decided.seen_at",
        f"past.seen_at >= decided.since_{_name(_LONGEST[entity])}",
    ]
    if kind.per_currency:
        conditions += ["decided.currency = past.currency", "not past.declined", "not past.refund"]
    columns = ",\n".join(f"        {reading(f)} as {f.name}" for f in features)
    return f"""
{entity}_features as (
    select
        decided.ingest_id,
{columns}
    from decided
    left join {"labels" if kind.of_labels else "orders"} as past
        on {" and ".join(conditions)}
    where decided.{kind.column} is not null
    group by {", ".join(f"decided.{name}" for name in _GROUPED)}
),"""  # noqa: S608 - names and numbers of our own catalogue


def _name(length: int) -> str:
    return next(window for window in WINDOWS if LENGTH[window] == length)


def _recomputed() -> str:
    joins = "\n".join(
        f"    left join {e}_features on decided.ingest_id = {e}_features.ingest_id"
        for e in ENTITIES
    )
    objects = [
        f"jsonb_build_object({', '.join(_pairs(chunk))})" for chunk in _chunks(CATALOGUE.values())
    ]
    return f"""
recomputed as (
    select
        decided.ingest_id,
        {" || ".join(objects)} as features
    from decided
{joins}
),"""  # noqa: S608 - names and numbers of our own catalogue


def _pairs(features: Iterable[Feature]) -> list[str]:
    return [part for f in features for part in (f"'{f.name}'", f"{f.entity}_features.{f.name}")]


def _chunks(features: Iterable[Feature]) -> list[list[Feature]]:
    every = list(features)
    return [every[at : at + COMPARED] for at in range(0, len(every), COMPARED)]


def _resting() -> str:
    """What a feature that was left out of a snapshot stands for, as JSON."""
    values = {f.name: f.resting for f in CATALOGUE.values() if f.resting is not None}
    text = ", ".join(f'"{name}": {str(value).lower()}' for name, value in values.items())
    return f"'{{{text}}}'::jsonb"


_SINCE = ",\n".join(
    f"""        least(
            greatest(orders.seen_at, orders.newest_at - {_interval(LATENESS)})
            - {_interval(LENGTH[window])},
            orders.seen_at
        ) as since_{window}"""
    for window in WINDOWS
)
_ORDER_COLUMNS = (
    *("seen_at", "amount", "currency", "customer", "device", "ip", "card", "email", "address"),
    *("voucher", "shop", "owner", "category", "x", "y", "z"),
)
_GROUPED = ("ingest_id", *_ORDER_COLUMNS, *(f"since_{window}" for window in WINDOWS))
_PLACES = {
    "x": "cos(radians(personal.ip_latitude)) * cos(radians(personal.ip_longitude))",
    "y": "cos(radians(personal.ip_latitude)) * sin(radians(personal.ip_longitude))",
    "z": "sin(radians(personal.ip_latitude)) * (personal.ip_longitude * 0 + 1)",
}
_PLACE_COLUMNS = ",\n".join(
    f"        round({UNIT} * ({formula})) as {axis}" for axis, formula in _PLACES.items()
)

_AMOUNT = "case when raw.transaction_type = 'refund' then abs(raw.amount) else raw.amount end"
_HEAD = f"""
-- Generated from the catalogue of features by `fraud warehouse parity --write`;
-- change it there. Every feature stored with a decision equals the same feature
-- recomputed from raw orders, but for decisions that had counted a customer who was
-- erased since. Looks at a sample of the newest decisions; at all of them when the
-- variable parity_sample is 0.
{{{{ config(tags=['complete', 'parity']) }}}}

with orders as (
    select
        raw.ingest_id,
        raw.ingest_id as known_id,
        raw.event_time as seen_at,
        max(raw.event_time) over (order by raw.ingest_id) as newest_at,
        round({_AMOUNT} * {_scale().replace("currency", "raw.currency")}) as amount,
        raw.currency,
        raw.customer_id as customer,
        raw.device_id as device,
        raw.ip_pseudonym as ip,
        raw.card_pseudonym as card,
        raw.email_pseudonym as email,
        raw.shipping_pseudonym as address,
        raw.voucher_code as voucher,
        raw.merchant_id as shop,
        raw.merchant_owner_id as owner,
        nullif(raw.merchant_category, '') as category,
        coalesce(raw.transaction_status = 'declined', false) as declined,
        coalesce(raw.transaction_type = 'refund', false) as refund,
{_PLACE_COLUMNS}
    from {{{{ ref('raw_transactions') }}}} as raw
    inner join {{{{ ref('personal_transactions') }}}} as personal
        on raw.ingest_id = personal.ingest_id
),

-- A label can come before its order; then it is known once that has landed. One that says of an
-- order what a label before it said is none.
labels as (
    select distinct on (labels.transaction_id, labels.label)
        greatest(labels.ingest_id, orders.ingest_id) as known_id,
        labels.labelled_at as seen_at,
        labels.label = 'fraud' as fraud,
        orders.shop,
        orders.device,
        orders.card
    from {{{{ ref('raw_labels') }}}} as labels
    inner join {{{{ ref('raw_transactions') }}}} as of_order
        on labels.transaction_id = of_order.transaction_id
    inner join orders on of_order.ingest_id = orders.ingest_id
    where labels.source != 'injected'
    order by labels.transaction_id, labels.label, labels.ingest_id
),

decisions as (
    select
        ingest_id,
        rule_set_version,
        features::jsonb as features
    from {{{{ ref('raw_decisions') }}}}
    where
        {{{{ newest_rows(ref('raw_transactions')) }}}}
        and ingest_id not in (
            select ingest_id from {{{{ source('stream', 'unverifiable_decisions') }}}}
        )
),

-- A snapshot holds what its rule set uses: whatever any decision of it shows.
used as (
    select distinct
        decisions.rule_set_version,
        feature.name
    from decisions
    cross join lateral jsonb_object_keys(decisions.features) as feature (name)
),

sampled as (
    select * from decisions
    order by md5(ingest_id::text)
    {{% if var('parity_sample') %}}limit {{{{ var('parity_sample') }}}}{{% endif %}}
),

decided as (
    select
        orders.*,
{_SINCE}
    from sampled
    inner join orders on sampled.ingest_id = orders.ingest_id
),
"""  # noqa: S608 - names and numbers of our own catalogue

_TAIL = """
expected as (
    select
        sampled.ingest_id,
        used.name,
        coalesce(
            sampled.features -> used.name, (__RESTING__) -> used.name, 'null'
        ) as stored,
        recomputed.features -> used.name as recomputed
    from sampled
    inner join used on sampled.rule_set_version = used.rule_set_version
    inner join recomputed on sampled.ingest_id = recomputed.ingest_id
    where recomputed.features ? used.name
),

final as (
    select
        ingest_id,
        name,
        stored,
        recomputed
    from expected
    where
        case
            when
                jsonb_typeof(stored) = 'number'
                and jsonb_typeof(recomputed) = 'number'
                then
                    abs(stored::double precision - recomputed::double precision)
                    > 1e-6 * greatest(1, abs(stored::double precision))
            else stored != recomputed
        end
)

select * from final
"""
