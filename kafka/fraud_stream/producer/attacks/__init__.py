"""Fraud with causes, one story a file; the truth of every order is known."""

from fraud_stream.producer.attacks import (
    account_takeover,
    card_testing,
    collusion,
    night_bulk,
    order_brushing,
    refund_abuse,
    stolen_card_spree,
    voucher_farm,
    wallet_limits,
)
from fraud_stream.producer.scenario import Scenario

ATTACKS: tuple[Scenario, ...] = (
    card_testing.SCENARIO,
    stolen_card_spree.SCENARIO,
    account_takeover.SCENARIO,
    voucher_farm.SCENARIO,
    order_brushing.SCENARIO,
    collusion.SCENARIO,
    night_bulk.SCENARIO,
    wallet_limits.SCENARIO,
    refund_abuse.SCENARIO,
)
"""Together two orders in a hundred."""
