"""Where a run that ends early is cut: only what was sent has labels."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from fraud_stream.producer.batch import Batch, Message, transaction_id


class _Known(msgspec.Struct):
    labelled_at: datetime


_known = msgspec.json.Decoder(_Known)


class Cut:
    """A batch of which the first `sent` messages went out; `last` is the latest event sent.

    Labels that became known later, and labels about orders that stayed behind, stay behind too.
    """

    def __init__(self, batch: Batch, sent: int, last: int | None) -> None:
        kinds = batch.kinds or ["order"] * len(batch.orders)
        self._unsent = {
            transaction_id(order)
            for order, kind in zip(batch.orders[sent:], kinds[sent:], strict=True)
            if kind == "order"
        }
        about_sent = [label for label in batch.labels if label[0] not in self._unsent]
        self.labels = [label for label in about_sent if last is not None and _at(label) <= last]
        self._later = len(about_sent) - len(self.labels)

    def labels_to_come(self, pending: Iterable[bytes]) -> int:
        """How many labels about what was sent are still to come, with those of later batches."""
        return self._later + sum(order not in self._unsent for order in pending)


def _at(label: Message) -> int:
    return round(_known.decode(label[1] or b"").labelled_at.timestamp() * 1000)
