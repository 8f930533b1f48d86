"""Scores orders by a rule book: the one object that the consumer holds."""

from collections.abc import Iterable

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.scoring.columns import NOTHING, Taken
from fraud_stream.scoring.decide import Decider
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.features.record import LabelRecord, OrderRecord
from fraud_stream.scoring.order.clock import microseconds
from fraud_stream.scoring.program import compile_program
from fraud_stream.scoring.rules.book import RuleBook
from fraud_stream.scoring.snapshot import FrozenState, read_snapshots
from fraud_stream.scoring.state import Form, state_maker


class RuleScorer:
    """Deterministic in the order of its calls; knows no clock, no network and no files.

    `form` says whether histories are kept by compiled code; raises SettingsError when that is
    insisted on and there is none.
    """

    def __init__(self, book: RuleBook, form: Form = "auto") -> None:
        self._new_state = state_maker(form)
        self._state = self._new_state()
        self.adopt(book)

    @property
    def book(self) -> RuleBook:
        """What it decides by now."""
        return self._book

    @property
    def rule_set_version(self) -> str:
        """Stored with each decision."""
        return self._book.version

    @property
    def form(self) -> str:
        """`compiled` or `python`: what keeps the histories. The decisions are the same."""
        return self._state.form

    @property
    def source(self) -> str:
        """The generated program, for people who want to see what runs."""
        return self._program.source

    def adopt(self, book: RuleBook) -> None:
        """Decide by `book` from the next order on; the state stays.

        In Python, histories that the new rules need and the old did not are built from the orders
        kept, which takes about a second for a million of them; the compiled form has them all.
        """
        self._program = compile_program(book.rules, book.evaluated, book.lists, self._state)
        self._decider = Decider(book)
        self._book = book
        self._run = self._program.score
        self._decide = self._decider.decide

    def score(self, event: OrderEvent) -> Decision:
        """Decide on what was known before `event`, then take `event` into the state."""
        return self._decide(self._run(event))

    def record_of(self, event: OrderEvent) -> OrderRecord:
        """What state would keep of the order."""
        return OrderRecord(*self._program.record_of(event))

    def absorb(self, event: OrderEvent) -> None:
        """Take a landed order into the state without deciding."""
        self._program.absorb(self._program.record_of(event))

    def absorb_label(self, label: LabelEvent, order: OrderEvent) -> None:
        """Learn the label of a landed order; windows hold it from its `labelled_at` on.

        The simulation's own truth (`injected`) is for judging and is left out.
        """
        if label.source == "injected":
            return
        record = LabelRecord(
            microseconds(label.labelled_at),
            1 if label.label == "fraud" else 0,
            order.merchant_id,
            order.device_id,
            order.card_fingerprint,
        )
        self._program.absorb_label(tuple(record))

    def entities_held(self) -> int:
        """How many histories are in memory, over all kinds of entity; for monitoring."""
        return self._state.entities_held()

    def longest_history(self) -> int:
        """Records in the longest history; for monitoring."""
        return self._state.longest_history()

    def snapshot(self) -> bytes:
        """The state as bytes, equal for equal states."""
        return self.freeze().encode()

    def taken(self) -> Taken:
        """How much the state has ever taken in: where a later `freeze` may begin."""
        return self._state.taken()

    def freeze(self, since: Taken = NOTHING) -> FrozenState:
        """What was taken in since then, to be encoded later or elsewhere while scoring goes on."""
        return FrozenState(self._state.freeze(since))

    def restore(self, parts: Iterable[Iterable[bytes]]) -> list[Taken]:
        """Replace the state by that of a snapshot, or of several that go on from one another.

        Each comes as its chunks in order, and is asked for when the one before it has been read;
        the answer is how much the state had taken in with each. Raises RuleError for anything but
        whole snapshots of this version; the state stays then.
        """
        self._state, taken = read_snapshots(parts, self._new_state)
        self.adopt(self._book)
        return taken
