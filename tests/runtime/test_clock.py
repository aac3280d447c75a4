"""The clocks: virtual time is fixed to the real one, and none goes back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import to_micros
from runtime.clock import Anchor, AnchoredClock, ManualClock, SystemClock

REAL = datetime(2026, 11, 22, 2, tzinfo=UTC)
CITY = datetime(2026, 6, 1, 12, tzinfo=UTC)


@given(st.floats(0.1, 600), st.timedeltas(timedelta(0), timedelta(days=7)))
def test_city_time_runs_at_its_speed_from_the_anchor(speed: float, passed: timedelta) -> None:
    real = ManualClock(REAL)
    clock = AnchoredClock(Anchor(real=REAL, city=CITY, speed=speed), real)
    real.advance(passed)
    assert clock.now() == CITY + passed * speed
    assert clock.micros() == to_micros(clock.now())


@given(st.lists(st.timedeltas(timedelta(0), timedelta(hours=1)), max_size=20))
def test_city_time_never_goes_back(steps: list[timedelta]) -> None:
    real = ManualClock(REAL)
    clock = AnchoredClock(Anchor(real=REAL, city=CITY, speed=7.0), real)
    seen = [clock.now()]
    for step in steps:
        real.advance(step)
        seen.append(clock.now())
    assert seen == sorted(seen)


def test_real_time_goes_on_and_never_back_when_the_machines_clock_is_set_back() -> None:
    machine = iter([REAL, REAL, *[REAL - timedelta(hours=1)] * 50])
    clock = SystemClock(machine=lambda: to_micros(next(machine)) * 1000)
    seen = [clock.now() for _ in range(51)]
    assert seen == sorted(seen)
    assert REAL <= seen[0] < seen[-1] < REAL + timedelta(minutes=1)


def test_real_time_is_the_machines_again_once_it_has_caught_up() -> None:
    machine = iter([REAL, REAL - timedelta(hours=1), REAL + timedelta(hours=1)])
    clock = SystemClock(machine=lambda: to_micros(next(machine)) * 1000)
    clock.now()
    assert clock.now() == REAL + timedelta(hours=1)


def test_processes_with_the_same_anchor_read_the_same_time() -> None:
    anchor, real = Anchor(real=REAL, city=CITY, speed=60.0), ManualClock(REAL)
    one = AnchoredClock(anchor, real)
    real.advance(timedelta(seconds=30))
    late = AnchoredClock(anchor, real)
    assert one.now() == late.now() == CITY + timedelta(minutes=30)


def test_durations_of_an_anchored_clock_are_real_seconds() -> None:
    real = ManualClock(REAL)
    clock = AnchoredClock(Anchor(real=REAL, city=CITY, speed=600.0), real)
    before = clock.monotonic()
    real.advance(timedelta(seconds=3))
    assert clock.monotonic() - before == pytest.approx(3.0)


def test_the_manual_clock_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock(REAL)
    assert (clock.now(), clock.monotonic()) == (REAL, 0.0)
    assert clock.advance(timedelta(seconds=90)) == REAL + timedelta(seconds=90)
    assert (clock.micros(), clock.monotonic()) == (to_micros(REAL) + 90_000_000, 90.0)


def test_the_manual_clock_refuses_to_go_back() -> None:
    clock = ManualClock(REAL)
    with pytest.raises(ValueError, match="time does not go back"):
        clock.advance(timedelta(microseconds=-1))
    assert clock.now() == REAL


def test_the_system_clock_is_aware_and_never_goes_back() -> None:
    clock = SystemClock()
    seen = [clock.now() for _ in range(1000)]
    assert seen == sorted(seen)
    assert seen[0].utcoffset() == timedelta(0)
    assert abs(clock.micros() - to_micros(seen[-1])) < 1_000_000
