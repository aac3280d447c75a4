"""The bench of the backtest judges a city again, and the plain loop beside it counts the same alerts."""

import pytest

from tests.app.terminal import Terminal

pytestmark = pytest.mark.process


def test_a_day_is_judged_again_and_the_loop_agrees(terminal: Terminal) -> None:
    ran = terminal.run("bench", "backtest", "--devices", "150", "--days", "1", "--json")
    [result] = ran.rows
    assert ran.code == 0 and result["agrees"]
    assert result["devices"] == 150 and result["readings"] == 243_360
    assert result["alerts"] > 0 and result["ratio"] > 1


def test_people_get_the_same_in_words(terminal: Terminal) -> None:
    out = terminal.run("bench", "backtest", "--devices", "15", "--days", "1").out
    assert "plain loop" in out and "same alerts" in out
