"""A ladder of severities is one rule in the file and an alarm for each rung."""

from pathlib import Path
from typing import Any

import pytest

from domain.conditions import Severity
from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S
from rules.loading import load_rules
from tests.rules.city import CATALOGUE, KINDS, Run, at, device, registry_of, seconds

S = MICROS_PER_S
NOON = at("2026-11-22T12:00:00")
TEXT = """\
rules:
  - id: pm
    kind: threshold
    zh: PM2.5
    en: PM2.5
    clause: {zh: 条, en: Clause}
    metric: pm2_5
    unit: µg/m³
    compare: "<="
    dead_band: 5
    hold: 60s
    clear: 60s
    levels:
      - {severity: white, limit: 60}
      - {severity: yellow, limit: 75, zh: 中度, en: moderate}
      - {severity: red, limit: 150, clause: {zh: 红线, en: Red line}}
"""


def written(directory: Path, text: str) -> Any:
    path = directory / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return load_rules([path], catalogue=CATALOGUE, kinds=KINDS)


@pytest.fixture
def rules(tmp_path: Path) -> Any:
    return written(tmp_path, TEXT)


def test_every_rung_is_a_rule_with_its_own_card(rules: Any) -> None:
    run = Run.of(rules, registry_of(device("A", "air_station")))
    cards = [
        (card.id, card.severity, card.ladder, card.rung, card.zh, card.en, card.clause.en)
        for card in run.program.cards.values()
    ]
    assert cards == [
        ("pm-white", Severity.WHITE, "pm", 1, "PM2.5", "PM2.5", "Clause"),
        ("pm-yellow", Severity.YELLOW, "pm", 2, "PM2.5 · 中度", "PM2.5, moderate", "Clause"),
        ("pm-red", Severity.RED, "pm", 3, "PM2.5", "PM2.5", "Red line"),
    ]


def test_the_rungs_fire_one_after_the_other_and_clear_in_the_other_order(rules: Any) -> None:
    run = Run.of(rules, registry_of(device("A", "air_station")))
    values = [50, 70, 70, 160, 160, 160, 80, 80, 80, 50, 50, 50]
    for minute, value in enumerate(values):
        run.readings([("A", "pm2_5", NOON + minute * 60 * S, float(value))])
    run.tick(NOON + 12 * 60 * S)
    found = {rule: seconds(run.of_rule(rule), NOON) for rule in ("pm-white", "pm-yellow", "pm-red")}
    assert found == {
        "pm-white": [("violated", 60, 60), ("held", 120, 60), ("cleared", 600, 540)],
        "pm-yellow": [("violated", 180, 180), ("held", 240, 180), ("cleared", 600, 540)],
        "pm-red": [("violated", 180, 180), ("held", 240, 180), ("cleared", 420, 360)],
    }


@pytest.mark.parametrize(
    "old, new, line, message",
    [
        ("yellow, limit: 75", "yellow, limit: 60", 15, "limit 60 must lie above 60"),
        ("red, limit: 150", "red, limit: 70", 16, "limit 70 must lie above 75"),
        ('compare: "<="', 'compare: ">="', 15, "limit 75 must lie below 60"),
        ("severity: yellow", "severity: red", 16, "red after red does not rise"),
        ("severity: red", "severity: white", 16, "white after yellow does not rise; order them white, yellow, red"),
        ("    metric:", "    severity: red\n    metric:", 2, "severity and levels exclude each other"),
        ("    metric:", "    limit: 60\n    metric:", 2, "limit and levels exclude each other"),
        ("limit: 75", "limit: much", 15, "is not a number"),
        ("unit: µg/m³", "unit: ppm", 8, "unit 'ppm' is not that of pm2_5"),
        ("id: pm", f"id: {'p' * 60}", 2, "use 57 at most"),
    ],
)
def test_a_ladder_that_does_not_rise_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        written(tmp_path, TEXT.replace(old, new, 1))
    assert [problem.line for problem in caught.value.problems if message in problem.message] == [line]


def test_an_empty_ladder_is_none(tmp_path: Path) -> None:
    text = TEXT.partition("    levels:")[0] + "    severity: red\n    limit: 5\n    levels: []\n"
    with pytest.raises(Misconfigured, match="is no ladder"):
        written(tmp_path, text)


def test_a_rung_that_stands_as_a_rule_already_is_told(tmp_path: Path) -> None:
    single = TEXT.partition("    levels:")[0].partition("rules:\n")[2]
    text = TEXT + single.replace("id: pm", "id: pm-red") + "    severity: red\n    limit: 5\n"
    with pytest.raises(Misconfigured, match="this id stands already"):
        written(tmp_path, text)


def test_limits_that_must_not_fall_descend(tmp_path: Path) -> None:
    text = TEXT.replace('"<="', '">="').replace("60}", "40}").replace("75,", "30,").replace("150,", "20,")
    assert [rule.entry.id for rule in written(tmp_path, text).rules] == ["pm-white", "pm-yellow", "pm-red"]
