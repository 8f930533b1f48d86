"""Which forms of the scorer can be tried here."""

from typing import Literal

import pytest

from fraud_stream.scoring.state import available_forms


def form_or_skip(form: Literal["python", "compiled"]) -> Literal["python", "compiled"]:
    """The form; skips the test where it was not built, since installing needs no compiler."""
    if form not in available_forms():
        pytest.skip("the compiled scorer was not built: there was no C compiler at set-up")
    return form
