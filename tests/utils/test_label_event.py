"""The label contract: its schema is in step, and truth never travels without its time."""

import json

import msgspec
import pytest

from fraud_core.events import LabelEvent
from fraud_core.settings import REPOSITORY
from fraud_local.commands.schemas import label_event_schema, label_schema_file

LABEL = {
    "transaction_id": "t-1",
    "label": "fraud",
    "source": "chargeback",
    "labelled_at": "2026-02-14T08:00:00+00:00",
}


def test_committed_label_schema_is_that_of_the_code() -> None:
    committed = json.loads(label_schema_file(REPOSITORY).read_text())
    assert committed == json.loads(json.dumps(label_event_schema())), (
        "run `fraud schemas` and commit the result"
    )


@pytest.mark.parametrize("field", sorted(LABEL))
def test_each_field_of_a_label_but_the_reason_is_required(field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{field}`"):
        msgspec.convert({k: v for k, v in LABEL.items() if k != field}, LabelEvent)


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", "maybe"), ("source", "rumour"), ("labelled_at", "2026-02-14T08:00:00")],
)
def test_an_unknown_word_or_a_time_without_an_offset_is_refused(field: str, value: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.json.decode(json.dumps(LABEL | {field: value}), type=LabelEvent)
