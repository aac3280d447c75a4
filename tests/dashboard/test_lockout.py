"""Guessing passwords is slow, and nobody else is held up by it."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.access.lockout import MOST_REMEMBERED, Lockout
from dashboard.settings import LockoutSettings
from runtime.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def lockout(clock: ManualClock) -> Lockout:
    lockout = Lockout(LockoutSettings(), clock)
    for _ in range(4):
        lockout.failed("10.0.0.9", "duty")
    return lockout


def test_four_failures_are_forgiven(lockout: Lockout) -> None:
    assert lockout.wait_s("10.0.0.9", "duty") == 0


def test_the_fifth_failure_locks(lockout: Lockout) -> None:
    lockout.failed("10.0.0.9", "duty")
    assert lockout.wait_s("10.0.0.9", "duty") == 300


def test_the_lock_ends(lockout: Lockout, clock: ManualClock) -> None:
    lockout.failed("10.0.0.9", "duty")
    clock.advance(timedelta(seconds=300))
    assert lockout.wait_s("10.0.0.9", "duty") == 0


def test_others_may_still_log_in(lockout: Lockout) -> None:
    lockout.failed("10.0.0.9", "duty")
    assert lockout.wait_s("10.0.0.7", "duty") == 0


def test_a_success_starts_the_count_anew(lockout: Lockout) -> None:
    lockout.succeeded("10.0.0.9", "duty")
    lockout.failed("10.0.0.9", "duty")
    assert lockout.wait_s("10.0.0.9", "duty") == 0


def test_memory_is_bounded(lockout: Lockout) -> None:
    for n in range(MOST_REMEMBERED + 10):
        lockout.failed("10.0.0.9", f"guess-{n}")
    assert len(lockout._failures) == MOST_REMEMBERED
