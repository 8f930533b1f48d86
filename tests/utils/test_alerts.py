"""The contract of alerts: its schema is in step, and it holds no more of a person than it says."""

import json

import msgspec

from fraud_core.alerts import Alert, AlertListHit
from fraud_core.events import OrderEvent
from fraud_core.settings import REPOSITORY
from fraud_local.commands.schemas import alert_schema, alert_schema_file


def names(struct: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(struct)}


def test_committed_alert_schema_is_that_of_the_code() -> None:
    committed = json.loads(alert_schema_file(REPOSITORY).read_text())
    assert committed == json.loads(json.dumps(alert_schema())), (
        "run `fraud schemas` and commit the result"
    )


def test_of_the_order_an_alert_holds_two_ids_and_its_time() -> None:
    shared = names(Alert) & names(OrderEvent)
    assert shared == {"schema_version", "transaction_id", "customer_id", "event_time"}


def test_a_list_entry_is_named_without_its_value() -> None:
    assert "value" not in names(AlertListHit)
