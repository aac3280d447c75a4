"""Scenario files: what ships is sound, and what is wrong is named with its line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import Misconfigured
from simulators.scenario import SCENARIOS, Scenario, load_scenario, scenario_path
from tests.simulators.stage import stage_of

REGISTRY = stage_of("calm").registry
HEAD = 'zh: 测试\nen: Test\nstart: "20:30"\n'


@pytest.mark.parametrize("name", sorted(path.stem for path in SCENARIOS.glob("*.yaml")))
def test_every_scenario_that_ships_fits_the_city_that_ships(name: str) -> None:
    assert load_scenario(scenario_path(name), REGISTRY).zh


def test_the_five_scenarios_ship() -> None:
    assert {path.stem for path in SCENARIOS.glob("*.yaml")} == {"demo", "calm", "storm", "smog", "blackout"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("effects:\n  - {effect: earthquake}\n", 5, "earthquake"),
        ("effects:\n  - {effect: sound, level: 70, at: 5x}\n", 5, "5x"),
        ("effects:\n  - {effect: sound, level: 700}\n", 5, "120"),
        ("effects:\n  - {effect: sound, level: 70, loudness: 3}\n", 5, "unknown key"),
        ("effects:\n  - {effect: sound, level: 70, for: 5m, every: 5m}\n", 5, "must end before"),
        ("effects:\n  - {effect: trip, target: {road: R99}}\n", 5, "no device fits kind feeder_cabinet, road R99"),
        ("effects:\n  - {effect: trip, target: {devices: [FC-77]}}\n", 5, "FC-77"),
        ("effects:\n  - {effect: trip, target: {kind: lamp}}\n", 5, "not hit by trip"),
        ("faults:\n  - {fault: duplicate}\n  - {fault: gremlin}\n", 6, "gremlin"),
        ("faults:\n  - {fault: duplicate, target: {kind: toaster}}\n", 5, "toaster"),
    ],
)
def test_a_fault_of_the_file_is_named_with_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_scenario(path, REGISTRY)
    problem = caught.value.problems[0]
    assert problem.line == line
    assert words in problem.message


def test_a_start_without_quotes_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text("zh: 测\nen: Test\nstart: 20h\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"story\.yaml:3: start: '20h' is not a time of day"):
        load_scenario(path, REGISTRY)


@pytest.mark.parametrize(
    ("start", "expected"),
    [("20:30", datetime(2026, 11, 23, 12, 30, tzinfo=UTC)), ("now", datetime(2026, 11, 22, 18, 5, tzinfo=UTC))],
)
def test_a_story_begins_on_the_citys_own_date(start: str, expected: datetime) -> None:
    # 18:05 UTC is five past two of the next morning in the city
    now = datetime(2026, 11, 22, 18, 5, tzinfo=UTC)
    assert Scenario(zh="测", en="Test", start=start).begin(now, "Asia/Shanghai") == expected
