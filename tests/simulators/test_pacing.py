"""Waiting for the city's clock."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog

from domain.instants import to_micros
from runtime.clock import Anchor, AnchoredClock, ManualClock
from simulators.pacing import Pacer

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def pacer_at(speed: float) -> tuple[Pacer, ManualClock]:
    real = ManualClock(START)
    clock = AnchoredClock(Anchor(real=START, city=START, speed=speed), real)
    return Pacer(clock, idle=lambda s: void(real.advance(timedelta(seconds=s))), stop=lambda: False), real


def void(_: object) -> None:
    return None


@pytest.mark.parametrize("speed", [0.5, 1.0, 20.0, 600.0])
def test_an_hour_takes_as_long_as_the_speed_says(speed: float) -> None:
    pacer, real = pacer_at(speed)
    assert pacer.wait_until(to_micros(START + timedelta(hours=1)))
    assert real.monotonic() == pytest.approx(3600 / speed, abs=0.2)


def test_a_wish_to_stop_ends_the_wait() -> None:
    real = ManualClock(START)
    pacer = Pacer(real, idle=lambda s: void(real.advance(timedelta(seconds=s))), stop=lambda: real.monotonic() > 2)
    assert not pacer.wait_until(to_micros(START + timedelta(days=1)))
    assert real.monotonic() < 2.3


def test_falling_behind_is_said_once_and_so_is_catching_up() -> None:
    pacer, real = pacer_at(1.0)
    real.advance(timedelta(seconds=30))
    with structlog.testing.capture_logs() as told:
        for second in range(0, 40):
            pacer.wait_until(to_micros(START + timedelta(seconds=second)))
    assert [entry["event"] for entry in told] == ["simulation behind the clock", "simulation has caught up"]
