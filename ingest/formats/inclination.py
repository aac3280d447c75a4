"""From three angles against the horizon to the tilt from the installed position; from thresholds to the open cover."""

import math
from collections.abc import Mapping, Sequence

from domain.errors import Unusable
from domain.messages import Reason

ANGLES = ("angle_x", "angle_y", "angle_z")
THRESHOLDS = ("threshold_x", "threshold_y", "threshold_z")
_TOLERANCE = 0.1
"""Rounding and noise leave the direction's length within a few percent of 1; other kinds of angles do not."""

Angles = tuple[float, float, float]


def tilt(angles: Angles, installed: Angles | None) -> float:
    """Degrees, 0 to 180, between the two directions of gravity. Each angle is that of one axis against the horizon, so
    that its sine is the part of gravity along this axis. Raises Unusable where `installed` is not known, or the angles
    are of another kind.
    """
    if installed is None:
        shown = ", ".join(f"{angle:g}" for angle in angles)
        detail = f"angles {shown} say no tilt without those as installed; write installed: [x, y, z] into the dialect"
        raise Unusable(Reason.UNKNOWN_METRIC, detail)
    now, before = _direction(angles), _direction(installed)
    cosine = sum(a * b for a, b in zip(now, before, strict=True))
    # The angle by its tangent: by its cosine alone small tilts would drown in rounding.
    across = math.hypot(*(now[i - 2] * before[i - 1] - now[i - 1] * before[i - 2] for i in range(3)))
    return round(math.degrees(math.atan2(across, cosine)), 2)


def _direction(angles: Angles) -> Angles:
    x, y, z = (math.sin(math.radians(angle)) for angle in angles)
    length = math.hypot(x, y, z)
    if abs(length - 1) > _TOLERANCE:
        shown = ", ".join(f"{angle:g}" for angle in angles)
        detail = f"angles {shown} are not those of three axes against the horizon; reset the sensor's zero reference"
        raise Unusable(Reason.BAD_NUMBER, detail)
    return x / length, y / length, z / length


def opened(thresholds: Mapping[str, object]) -> str | None:
    """`trigger` where any threshold is exceeded, `normal` where none is; None where it cannot be told."""
    words: Sequence[object] = [thresholds[name] for name in THRESHOLDS if name in thresholds]
    if any(word in ("trigger", 1) for word in words):
        return "trigger"
    return "normal" if words and all(word in ("normal", 0) for word in words) else None
