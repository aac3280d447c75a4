"""A short run of the fuzzer over everything that reads bytes of strangers, the same each time."""

import warnings

import pytest

from tests.fuzz.running import Report, Target, chosen, fuzz
from tests.fuzz.targets import targets

RUNS = 300
TARGETS = targets()

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The codec of MQTT tells of text that is not UTF-8 in its own way besides."""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_some_hundred_bent_messages_break_no_promise(target: Target) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        report = fuzz(target, seed=1, goes_on=lambda report: report.executions < RUNS, amplifies=0)
    assert not report.findings, "\n".join(map(str, report.findings.values()))
    assert report.executions == max(RUNS, len(target.seeds))


def test_the_fuzzer_sees_what_breaks() -> None:
    def run(sent: object, draw: object) -> object:
        raise ZeroDivisionError("a bug")

    broken = Target("broken", TARGETS[0].seeds, run)  # type: ignore[arg-type]  # it yields nothing, it breaks
    report = fuzz(broken, seed=1, goes_on=lambda report: report.executions < 10)
    ((finding),) = report.findings.values()
    assert "ZeroDivisionError: a bug" in str(finding)


def test_the_same_seed_makes_the_same_run() -> None:
    def once() -> Report:
        (target,) = chosen(targets(), "tasmota")
        return fuzz(target, seed=7, goes_on=lambda report: report.executions < 100, amplifies=0)

    assert once().features == once().features
