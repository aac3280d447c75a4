"""Errors say what, with which value, and are told apart by what the caller does."""

import pytest

from domain.errors import CitybrainError, Misconfigured, Problem, Refused, Temporary, Unusable
from domain.messages import Reason


def test_a_problem_names_file_and_line() -> None:
    problem = Problem(file="rules/heat.yaml", line=14, message="hold '5x' is not a duration; write 5s, 5m or 5h")
    assert str(problem) == "rules/heat.yaml:14: hold '5x' is not a duration; write 5s, 5m or 5h"


def test_a_problem_of_a_whole_file_names_no_line() -> None:
    assert str(Problem(file="city.yaml", line=None, message="cannot be read")) == "city.yaml: cannot be read"


def test_misconfigured_carries_and_prints_every_problem() -> None:
    problems = [Problem(file="a.yaml", line=1, message="one"), Problem(file="b.yaml", line=None, message="two")]
    error = Misconfigured(problems)
    assert error.problems == problems
    assert str(error) == "a.yaml:1: one\nb.yaml: two"


def test_unusable_gives_the_reason_as_a_word_and_as_a_sentence() -> None:
    error = Unusable(Reason.OUT_OF_RANGE, "laeq 900 is above 140 dB(A)")
    assert (error.reason, error.detail) == (Reason.OUT_OF_RANGE, "laeq 900 is above 140 dB(A)")
    assert str(error) == "out-of-range: laeq 900 is above 140 dB(A)"


def test_temporary_passes_on_the_hint_when_there_is_one() -> None:
    assert Temporary("busy", retry_after_s=3.0).retry_after_s == 3.0
    assert Temporary("busy").retry_after_s is None


@pytest.mark.parametrize("kind", [Unusable, Temporary, Refused, Misconfigured])
def test_every_branch_grows_from_one_root(kind: type[CitybrainError]) -> None:
    assert kind.__bases__ == (CitybrainError,)
