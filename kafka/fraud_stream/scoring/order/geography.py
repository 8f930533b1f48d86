"""Places as points on a sphere, in whole numbers, and the distances between them."""

from math import asin, cos, radians, sin, sqrt

from fraud_stream.scoring.features.record import Place

EARTH_KM = 6371.0
"""Mean radius; the ellipsoid would change a distance by at most 0.6 %."""
UNIT = 10_000_000
"""One earth radius in a Place's whole numbers, so a step is 64 cm."""


def place(latitude: float | None, longitude: float | None) -> Place | None:
    """The point at a latitude and longitude in degrees, or None when either is missing."""
    if latitude is None or longitude is None:
        return None
    phi, lam = radians(latitude), radians(longitude)
    return (
        round(UNIT * cos(phi) * cos(lam)),
        round(UNIT * cos(phi) * sin(lam)),
        round(UNIT * sin(phi)),
    )


def kilometres(a: Place, b: Place) -> float:
    """Great-circle distance, from the chord between both points."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return 2 * EARTH_KM * asin(min(1.0, sqrt(x * x + y * y + z * z) / (2 * UNIT)))


def kilometres_from_middle(a: Place, x: int, y: int, z: int) -> float | None:
    """Distance of `a` from the middle of places whose coordinates sum to x, y, z.

    The middle is the direction of the sum, which also works across the date line and the poles;
    None when the places cancel out and have no middle.
    """
    length = sqrt(x * x + y * y + z * z)
    if not length:
        return None
    x_, y_, z_ = a[0] - UNIT * x / length, a[1] - UNIT * y / length, a[2] - UNIT * z / length
    return 2 * EARTH_KM * asin(min(1.0, sqrt(x_ * x_ + y_ * y_ + z_ * z_) / (2 * UNIT)))
