"""Event times as whole microseconds, and the hour of the day where the customer is."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, exact."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(at: int) -> datetime:
    """What `microseconds` makes `at` of, in UTC."""
    return EPOCH + timedelta(microseconds=at)


def local_hour(moment: datetime, longitude: float | None) -> int | None:
    """The hour of the day, 0 to 23, in the customer's own zone.

    The event's own offset says it unless it is that of UTC, which most senders use for everything;
    then the sun does: an hour for each 15 degrees of the longitude, which is the delivery's or else
    the internet address's. None without both.
    """
    if moment.utcoffset():
        return moment.hour
    if longitude is None:
        return None
    # Just before midnight the remainder is rounded to 24 itself.
    return int((moment.hour + moment.minute / 60 + longitude / 15) % 24) % 24
