"""What the page of an alert says of its explanation, for real stories of every kind and in both languages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.languages import Language, current
from dashboard.live.link import EngineLink
from dashboard.pages.desk import PageDesk
from dashboard.pages.explanation import ExplanationPanels
from dashboard.words import load_words
from rules.kinds.table import KINDS
from runtime.clock import SystemClock
from tests.app.storybook import explained, kind_of, records_of, shelf, stories


@pytest.fixture(params=Language)
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    token = current.set(request.param)
    yield request.param
    current.reset(token)


@pytest.fixture
def panels(tmp_path: Path) -> ExplanationPanels:
    link = EngineLink(tmp_path, clock=SystemClock())
    metrics = [{"code": one.code, "zh": one.zh, "en": one.en, "unit": one.unit} for one in shelf().catalogue]
    link.seen.city = {"timezone": "Asia/Shanghai", "metrics": metrics, "rules": []}
    return ExplanationPanels(PageDesk(words=load_words(), link=link))


def told_of(kind: str) -> dict[str, Any]:
    """The explanation of the alert in the shortest story of this kind."""
    told = [case for case in stories() if any(kind_of(case, one.rule) == kind for one in case.expected)]
    case = min(told, key=lambda case: len(case.lines))
    record = next(one for one in records_of(case) if kind_of(case, one.alert.rule) == kind)
    return explained(case, record)


def texts(component: Any) -> list[str]:
    """Every text in it, in its order."""
    if component is None:
        return []
    if isinstance(component, list | tuple):
        return [text for one in component for text in texts(one)]
    children = getattr(component, "children", component)
    return [str(children)] if children is component else texts(children)


BEGINS = {
    "absence": ("开始离线", "Silence began"),
    "clock": ("时钟开始偏差", "Clock found wrong"),
    "frozen": ("读数开始不变", "Found not to move"),
    "drift": ("开始偏离邻近站点", "Found off its neighbours"),
    "ratio": ("开始不达标", "Target first missed"),
    "outage": ("同时熄灯", "Dark together"),
    "agreement": ("开始不相符", "Not as expected"),
    "dimming": ("开始不相符", "Not as expected"),
    "correlation": ("各条件同时成立", "Conditions met together"),
    **dict.fromkeys(("state", "guarded", "schedule"), ("异常开始", "Violation began")),
}
"""The shortest stories of guards and schedules are about states; those of other kinds about limits."""


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_story_of_each_kind_is_told_in_its_words(kind: str, panels: ExplanationPanels, language: Language) -> None:
    said = texts(panels.below(told_of(kind)))
    chinese, english = BEGINS.get(kind, ("开始超限", "Limit first broken"))
    assert (chinese if language is Language.CHINESE else english) in said
    assert any("每一步均可复算得出" in text or "give every move on record" in text for text in said)


def test_arrivals_have_a_column_where_they_differ_from_the_time(panels: ExplanationPanels) -> None:
    assert "收到" in texts(panels.below(told_of("clock")))
    assert "收到" not in texts(panels.below(told_of("state")))


def test_a_reading_that_was_overtaken_is_marked(panels: ExplanationPanels) -> None:
    found = told_of("threshold")
    found["readings"][0]["overtaken"] = True
    assert sum("晚于更新的读数收到" in text for text in texts(panels.below(found))) == 1


def test_a_rule_that_is_gone_is_said_to_be(panels: ExplanationPanels) -> None:
    found = told_of("threshold") | {"rule": None, "retold": None}
    assert "规则已不在配置中，无法复算。" in texts(panels.below(found))


def settings_of(rule: str, panels: ExplanationPanels) -> dict[str, str]:
    """The rows of the settings of a rule that ships, by their names."""
    case = next(case for case in stories() if any(one.rule == rule for one in case.expected))
    record = next(one for one in records_of(case) if one.alert.rule == rule)
    said = texts(panels.below(explained(case, record)))
    begin = next(place for place in range(len(said)) if said[place : place + 2] in (["规则", rule], ["Rule", rule]))
    end = said.index("库中读数与逐条判定" if "规则" in said else "Stored readings, each against its limit")
    return dict(zip(said[begin:end:2], said[begin + 1 : end : 2], strict=True))


PERMIT = (
    "作业许可 = 有（本设备或上级设备），12 时 00 分内有效",
    "Permit to work = granted (its own or its parent's), believed for 12 h 00 min",
)
SUPPLY = ("电压 ≥ 50 V（本设备）", "Voltage ≥ 50 V (its own)")


@pytest.mark.parametrize(
    ("rule", "name", "value"),
    [
        ("cover-open", ("屏蔽条件", "Masked by"), PERMIT),
        ("lamp-undervoltage", ("仅在此条件下判断", "Judged only while"), SUPPLY),
        ("feeder-dark", ("比例", "Share"), ("60 %", "60 %")),
        ("lamp-power", ("比例", "Share"), ("0.3", "0.3")),
        ("device-silent", ("缺报几次即为离线", "Silent after (missed reports)"), ("3", "3")),
    ],
)
def test_a_setting_says_what_it_means(
    rule: str, name: tuple[str, str], value: tuple[str, str], panels: ExplanationPanels, language: Language
) -> None:
    which = list(Language).index(language)
    assert settings_of(rule, panels)[name[which]] == value[which]
