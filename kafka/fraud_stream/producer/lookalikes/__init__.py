"""Honest stories that naive rules would flag, and the newcomers of every day."""

from fraud_stream.producer.lookalikes import (
    bulk_buyer,
    family,
    flash_sale,
    large_first_order,
    newcomer,
    traveller,
)
from fraud_stream.producer.scenario import Scenario

LOOKALIKES: tuple[Scenario, ...] = (
    family.SCENARIO,
    traveller.SCENARIO,
    bulk_buyer.SCENARIO,
    flash_sale.SCENARIO,
    large_first_order.SCENARIO,
)
EVERYDAY: tuple[Scenario, ...] = (newcomer.SCENARIO,)
"""Of these no truth is told: they are life as it is."""
