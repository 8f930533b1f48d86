"""Whether a load was what it was to be: latency at a rate that was never sent says nothing."""

LEAST = 0.98


class TooSlowError(Exception):
    """The sender did not keep up with the rate that was wished for."""


def sent_rate(messages: int, seconds: float, wished: float) -> float:
    """Messages a second. Raises TooSlowError when that is clearly less than was wished for."""
    rate = messages / seconds
    if rate < LEAST * wished:
        raise TooSlowError(f"{rate:,.0f} messages a second were sent, not {wished:,.0f}")
    return rate
