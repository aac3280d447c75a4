"""From the angles of three axes to the tilt from the installed position."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.inclination import Angles, opened, tilt

FLAT = (0.0, 0.0, 90.0)


def angles_of(x: float, y: float, z: float) -> Angles:
    """What a sensor shows for this direction of gravity."""
    length = math.hypot(x, y, z)
    shown = [math.degrees(math.asin(max(-1.0, min(1.0, one / length)))) for one in (x, y, z)]
    return shown[0], shown[1], shown[2]


parts = st.floats(-1, 1)
directions = st.tuples(parts, parts, parts).filter(lambda one: math.hypot(*one) > 0.1)


@pytest.mark.parametrize(
    ("angles", "installed", "degrees"),
    [
        (FLAT, FLAT, 0.0),
        ((45.0, 0.0, 45.0), FLAT, 45.0),
        ((90.0, 0.0, 0.0), FLAT, 90.0),
        ((0.0, 0.0, -90.0), FLAT, 180.0),
        ((0.3, 0.0, 89.7), FLAT, 0.3),
        ((30.0, 0.0, 60.0), (30.0, 0.0, 60.0), 0.0),  # a lid that lies in a slope
        ((0.0, 30.0, 60.0), (0.0, -15.0, 75.0), 45.0),
        ((0.0, 0.0, 89.99), FLAT, 0.0),
    ],
)
def test_the_tilt_is_the_angle_between_two_directions_of_gravity(
    angles: Angles, installed: Angles, degrees: float
) -> None:
    assert tilt(angles, installed) == pytest.approx(degrees, abs=0.02)


@given(now=directions, before=directions)
def test_the_tilt_agrees_with_the_angle_of_the_vectors_and_has_no_side(now: Angles, before: Angles) -> None:
    lengths = math.hypot(*now) * math.hypot(*before)
    cosine = sum(a * b for a, b in zip(now, before, strict=True)) / lengths
    expected = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
    assert tilt(angles_of(*now), angles_of(*before)) == pytest.approx(expected, abs=0.02)
    assert tilt(angles_of(*before), angles_of(*now)) == tilt(angles_of(*now), angles_of(*before))


@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.0), (90.0, 90.0, 0.0), (10.0, 20.0, 30.0)])
def test_angles_of_another_kind_are_refused(angles: Angles) -> None:
    with pytest.raises(Unusable, match="zero reference") as caught:
        tilt(angles, FLAT)
    assert caught.value.reason is Reason.BAD_NUMBER


def test_without_the_installed_angles_there_is_no_tilt() -> None:
    with pytest.raises(Unusable, match="installed"):
        tilt(FLAT, None)


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("normal", "normal", "normal"), "normal"),
        (("normal", "trigger", "normal"), "trigger"),
        ((0, 1, 0), "trigger"),
        (("unknown", "normal", "normal"), None),
        ((), None),
    ],
)
def test_one_threshold_that_is_exceeded_opens_the_cover(words: tuple[object, ...], word: str | None) -> None:
    assert opened(dict(zip(("threshold_x", "threshold_y", "threshold_z"), words, strict=False))) == word
