"""What this test run could not try, told at its end: a missing server is never a silent skip."""

from typing import NoReturn

import pytest

_missing: dict[str, str] = {}


def missing(what: str, why: str) -> NoReturn:
    """Skip the test, and say so in the summary of the run under NOT AVAILABLE."""
    _missing[what] = why
    pytest.skip(f"NOT AVAILABLE: {what}")


def report() -> dict[str, str]:
    """What was missing so far, and why."""
    return dict(_missing)
