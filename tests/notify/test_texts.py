"""What people read."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.alerts import Alert, AlertMove, AlertState
from domain.conditions import Evidence, Severity, Target, TargetKind
from notify.settings import Language
from notify.texts import COLOURS, STATES, NoticeWriter, value_of
from tests.records.samples import CLAUSE, METER, alert_of, evidence_of, transition_of

ACTIVE = alert_of("5f0c", state=AlertState.ACTIVE, sequence=2)
RAISED = transition_of(ACTIVE)

CHINESE = """\
规则：区域噪声超标（黄色）
位置：市一小学（NM-0012），中山路，鼓楼区
数值：57.3 dB(A)，要求 ≤ 50 dB(A)
依据：GB 3096-2008 表 1，2 类，夜间
时间：2026-06-01 12:00:00+08:00
状态：发生
编号：5f0c"""

ENGLISH = """\
Rule: Noise over the limit (yellow)
Place: No. 1 primary school (NM-0012), Zhongshan Road, Gulou
Value: 57.3 dB(A), required ≤ 50 dB(A)
Clause: GB 3096-2008, table 1, class 2, night
Time: 2026-06-01 12:00:00+08:00
State: raised
Alert: 5f0c"""


@pytest.mark.parametrize(
    ("language", "expected"),
    [(Language.CHINESE, CHINESE), (Language.ENGLISH, ENGLISH), (Language.BOTH, f"{CHINESE}\n\n{ENGLISH}")],
)
def test_body_says_rule_place_value_limit_clause_time_state_and_id(
    writer: NoticeWriter, language: Language, expected: str
) -> None:
    assert writer.body(ACTIVE, RAISED, language) == expected


def test_title_says_colour_state_rule_and_place_chinese_first(writer: NoticeWriter) -> None:
    assert writer.title(ACTIVE, RAISED, Language.BOTH) == (
        "【黄·发生】区域噪声超标 · 市一小学 | [yellow, raised] Noise over the limit · No. 1 primary school"
    )


def test_return_tells_the_value_it_returned_with(writer: NoticeWriter) -> None:
    returned = replace(RAISED, move=AlertMove.RETURN, evidence=evidence_of(44.0))
    body = writer.body(ACTIVE, returned, Language.CHINESE)
    assert "数值：44 dB(A)" in body and "状态：恢复" in body


def test_acknowledgement_names_the_person_and_the_note(writer: NoticeWriter) -> None:
    seen = replace(RAISED, move=AlertMove.ACKNOWLEDGE, actor="王工", note="已派人")
    body = writer.body(ACTIVE, seen, Language.BOTH)
    assert "人员：王工：已派人" in body and "By: 王工: 已派人" in body


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (Target(kind=TargetKind.ROAD, id="zhongshan"), "位置：中山路\n"),
        (Target(kind=TargetKind.FEED, id="main"), "位置：数据源 main\n"),
        (Target(kind=TargetKind.CITY, id="city"), "位置：江城\n"),
        (Target(kind=TargetKind.GRADE, id="main"), "位置：主干道\n"),
        (Target(kind=TargetKind.DISTRICT, id="gone"), "位置：gone\n"),
        (Target(kind=TargetKind.DEVICE, id="NM-9999"), "位置：NM-9999\n"),
        (Target(kind=TargetKind.ROAD, id="gone"), "位置：gone\n"),
    ],
)
def test_every_kind_of_target_has_a_place(writer: NoticeWriter, target: Target, name: str) -> None:
    assert name in writer.body(replace(ACTIVE, target=target), RAISED, Language.CHINESE)


def test_rule_that_left_the_files_is_called_by_its_id(writer: NoticeWriter) -> None:
    assert "规则：old-rule（黄色）" in writer.body(replace(ACTIVE, rule="old-rule"), RAISED, Language.CHINESE)


@pytest.mark.parametrize(
    ("evidence", "zh"),
    [
        (evidence_of(57.25), "57.25 dB(A)，要求 ≤ 50 dB(A)"),
        (evidence_of(0.1 + 0.2), "0.3 dB(A)，要求 ≤ 50 dB(A)"),
        (evidence_of(0.00123), "0.00123 dB(A)，要求 ≤ 50 dB(A)"),
        (evidence_of(1234567.0, limit=None), "1234567 dB(A)"),
        (evidence_of(100.0, limit=98.0, comparison=">=", unit="%"), "100 %，要求 ≥ 98 %"),
        (evidence_of(1.0, limit=0.0, comparison="=", unit="1"), "1，要求 = 0"),
        (evidence_of(None), "无数据，要求 ≤ 50 dB(A)"),
        (evidence_of(None, limit=None), "无数据"),
    ],
)
def test_value_is_written_against_what_is_required(evidence: Evidence, zh: str) -> None:
    assert value_of(evidence).zh == zh


def test_every_move_and_every_colour_has_its_words() -> None:
    assert (set(STATES), set(COLOURS)) == (set(AlertMove), set(Severity))


alerts = st.builds(
    alert_of,
    rule=st.sampled_from(["noise-zone", "unknown"]),
    severity=st.sampled_from(Severity),
    target=st.builds(Target, kind=st.sampled_from(TargetKind), id=st.sampled_from(["NM-0012", "zhongshan", "?"])),
    evidence=st.builds(
        Evidence,
        value=st.none() | st.floats(),
        limit=st.none() | st.floats(),
        comparison=st.text(max_size=2),
        unit=st.text(max_size=3),
        clause=st.just(CLAUSE),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(alert=alerts, move=st.sampled_from(AlertMove), language=st.sampled_from(Language))
def test_whatever_happened_can_be_told(writer: NoticeWriter, alert: Alert, move: AlertMove, language: Language) -> None:
    transition = transition_of(alert, move=move)
    assert alert.id in writer.body(alert, transition, language)
    assert writer.title(alert, transition, language)


def test_target_of_the_samples_is_the_meter_of_the_city(writer: NoticeWriter) -> None:
    assert "市一小学" in writer.title(replace(ACTIVE, target=METER), RAISED, Language.CHINESE)
