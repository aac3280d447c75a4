"""A limit for every device of its own: in the rule, or in a table beside it."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Registry
from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S
from rules import engine, figures
from rules.advice import warnings_of
from rules.core.comparing import Comparison, Finding, findings
from rules.device_limits import Share, ShareLimits
from rules.loading import load_rules
from tests.rules.city import CATALOGUE, KINDS, Run, at, device, registry_of, rules_of, vocabulary_of

S = MICROS_PER_S
NOON = at("2026-11-22T12:00:00")
TODAY = date(2026, 11, 22)
TEXT = """\
rules:
  - id: water
    kind: threshold
    zh: 水位
    en: Water
    severity: yellow
    metric: water_level
    unit: m
    compare: "<="
    limit:
      LIMIT
"""


def wells(*names: str) -> Registry:
    return registry_of(*(device(name, "manhole_cover", interval_s=60) for name in names))


def rules(directory: Path, limit: str) -> Any:
    path = directory / "rules.yaml"
    path.write_text(TEXT.replace("LIMIT", limit), encoding="utf-8")
    return load_rules([path], catalogue=CATALOGUE, kinds=KINDS)


def violated(run: Run, level: float) -> list[tuple[str, float | None]]:
    """Which wells break their limit with this level, and what the limit is."""
    told = run.readings([(name.id, "water_level", NOON, level) for name in run.program.judges["water"].devices])
    return [(change.target.id, change.evidence.limit) for change in told if change.signal.value == "violated"]


def test_each_well_has_its_own_limit_and_the_others_the_default(tmp_path: Path) -> None:
    ruleset = rules(tmp_path, "default: 1.5\n      devices: {W2: 0.8, W3: 2}")
    assert violated(Run.of(ruleset, wells("W1", "W2", "W3")), 1.6) == [("W1", 1.5), ("W2", 0.8)]


def test_without_a_default_only_the_named_are_judged(tmp_path: Path) -> None:
    run = Run.of(rules(tmp_path, "devices: {W2: 0.8}"), wells("W1", "W2"))
    assert [well.id for well in run.program.judges["water"].devices] == ["W2"]


def test_the_evidence_says_whether_the_limit_is_the_devices_own(tmp_path: Path) -> None:
    run = Run.of(rules(tmp_path, "default: 1.5\n      devices: {W2: 0.8}"), wells("W1", "W2"))
    violated(run, 3.0)
    assert [dict(change.evidence.figures) for change in run.told if change.signal.value == "violated"] == [
        {"limit_from": "默认 default"},
        {"limit_from": "设备自有 of the device"},
    ]


@pytest.mark.parametrize(
    "table",
    [
        "device,limit\nW1,1.2\n# deep\nW2,2.5\n",
        "设备编号;限值\nW1;1.2\nW2;2.5\n",
        "W1\t1.2\n\nW2\t2.5\n",
        "sep=;\ndevice;limit\nW1;1.2\nW2;2.5\n",
    ],
)
def test_a_table_is_read_from_the_folder_of_the_rules(tmp_path: Path, table: str) -> None:
    (tmp_path / "wells.csv").write_text(table, encoding="utf-8")
    run = Run.of(rules(tmp_path, "file: wells.csv"), wells("W1", "W2", "W3"))
    assert violated(run, 2.0) == [("W1", 1.2)]


@pytest.mark.parametrize(
    "row, message",
    [
        ("W2,deep", "limit 'deep' of W2 is not a number"),
        ("W2,nan", "is not a number"),
        ("W2", "stands alone"),
        ("W1,3", "stands already in line 2"),
    ],
)
def test_a_fault_of_the_table_is_told_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "wells.csv").write_text(f"device,limit\nW1,1.2\n{row}\n", encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        rules(tmp_path, "file: wells.csv")
    [problem] = caught.value.problems
    assert (Path(problem.file).name, problem.line) == ("wells.csv", 3)
    assert message in problem.message


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        rules(tmp_path, "file: wells.csv")


def test_a_device_with_a_limit_in_both_is_told(tmp_path: Path) -> None:
    (tmp_path / "wells.csv").write_text("W1,1.2\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="W1 has a limit in the rule as well"):
        rules(tmp_path, "file: wells.csv\n      devices: {W1: 3}")


def test_a_device_that_the_city_does_not_have_is_told_at_its_line(tmp_path: Path) -> None:
    ruleset = rules(tmp_path, "default: 1.5\n      devices:\n        W1: 1\n        WX1: 2")
    registry = wells("W1")
    with pytest.raises(Misconfigured) as caught:
        engine.compile_rules(ruleset, registry, vocabulary_of(registry))
    [problem] = caught.value.problems
    assert (problem.line, "'WX1' is no device of the registry; did you mean W1?" in problem.message) == (14, True)


def test_a_device_of_the_table_that_the_city_does_not_have_is_told_with_the_tables_line(tmp_path: Path) -> None:
    (tmp_path / "wells.csv").write_text("W1,1.2\nWX,1\n", encoding="utf-8")
    registry = wells("W1")
    with pytest.raises(Misconfigured, match=r"wells\.csv:2: 'WX' is no device"):
        engine.compile_rules(rules(tmp_path, "file: wells.csv"), registry, vocabulary_of(registry))


@pytest.mark.parametrize(
    "limit, message",
    [
        ("default: 3", "names no device"),
        ("devices: {W1: high}", "devices.W1: 'high' is not a number"),
        ("devices: {W1: true}", "is not a number"),
        ("devises: {W1: 3}", "is neither a number"),
        ("devices: {W1: 3}\n      depth: 4", "depth: unknown key"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_refused(tmp_path: Path, limit: str, message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        rules(tmp_path, limit)


@pytest.mark.parametrize("limit, steps", [("default: 1.5\n      devices: {W1: 1}", [1.5]), ("devices: {W1: 1}", [])])
def test_a_chart_shows_the_default(tmp_path: Path, limit: str, steps: list[float]) -> None:
    run = Run.of(rules(tmp_path, limit), wells("W1"))
    assert [step[2] for step in figures.limit_steps(run.program, "water", None, NOON, NOON + S)] == steps


def shafts(**depths: float | None) -> Registry:
    """Wells whose shafts are so deep, in metres; of some nobody knows it."""
    return registry_of(
        *(
            device(name, "manhole_cover", interval_s=60, figures={} if depth is None else {"depth": depth})
            for name, depth in depths.items()
        )
    )


EIGHTY = "share: 0.8\n      of: depth"


def test_a_share_is_of_the_figure_of_each_device(tmp_path: Path) -> None:
    run = Run.of(rules(tmp_path, EIGHTY), shafts(W1=2.0, W2=3.0, W3=1.0))
    assert violated(run, 1.7) == [("W1", 1.6), ("W3", 0.8)]
    told = [change.evidence.figures for change in run.told if change.signal.value == "violated"]
    assert told[0] == {"limit_from": "0.8 × depth = 2"}


def test_a_device_without_the_figure_is_out_of_scope_and_that_is_warned_of(tmp_path: Path) -> None:
    ruleset, registry = rules(tmp_path, EIGHTY), shafts(W1=2.0, W2=None, W3=None)
    assert [well.id for well in Run.of(ruleset, registry).program.judges["water"].devices] == ["W1"]
    [warning] = [one for one in warnings_of(ruleset, registry, on=TODAY) if "figure" in one.message]
    assert warning.message == (
        "rule water: limit 0.8 × depth: 2 of 3 devices have no figure depth above 0 in the registry and are not judged,"
        " such as W2; write figures: {depth: …} beside each"
    )
    assert warning.line == 10


def test_a_figure_by_another_name_is_suggested(tmp_path: Path) -> None:
    registry = registry_of(device("W1", "manhole_cover", figures={"dept": 2.0}))
    [warning] = [one for one in warnings_of(rules(tmp_path, EIGHTY), registry, on=TODAY) if "figure" in one.message]
    assert warning.message.endswith("did you mean dept?")


def test_nothing_is_warned_of_where_every_device_has_the_figure_or_nobody_looks_at_it(tmp_path: Path) -> None:
    shared, fixed = rules(tmp_path, EIGHTY), rules(tmp_path, "devices: {W1: 1}")
    warned = [warnings_of(shared, shafts(W1=2.0), on=TODAY), warnings_of(fixed, shafts(W1=None), on=TODAY)]
    assert not [one for found in warned for one in found if "figure" in one.message]


def test_a_condition_of_a_correlation_has_shares_too(tmp_path: Path) -> None:
    level = {"metric": "water_level", "unit": "m", "compare": "<=", "limit": {"share": 0.5, "of": "depth"}}
    entry = {"id": "both", "kind": "correlation", "of": [level], "where": {"same": "device"}}
    ruleset, registry = rules_of(tmp_path, entry), shafts(W1=2.0, W2=None)
    run = Run.of(ruleset, registry)
    run.readings([(name, "water_level", NOON, 1.2) for name in ("W1", "W2")])
    run.tick(NOON + 10 * S)
    assert [(target, signal) for target, signal, _, _ in run.of_rule("both")] == [
        ("device:W1", "violated"),
        ("device:W1", "held"),
    ]
    [warning] = [one for one in warnings_of(ruleset, registry, on=TODAY) if "figure" in one.message]
    assert "1 of 2 devices have no figure depth" in warning.message


@pytest.mark.parametrize(
    "limit, message",
    [
        ("share: 0.8", "of: missing"),
        ("share: 0\n      of: depth", "greater than 0"),
        ("share: much\n      of: depth", "'much' is not a number"),
        ("share: .nan\n      of: depth", "is not a number"),
        ("share: 0.8\n      of: 3", "of: "),
        ("share: 0.8\n      of: depth\n      default: 2", "unknown key"),
    ],
)
def test_a_share_that_cannot_be_meant_is_refused(tmp_path: Path, limit: str, message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        rules(tmp_path, limit)


def test_a_chart_shows_no_share(tmp_path: Path) -> None:
    run = Run.of(rules(tmp_path, EIGHTY), shafts(W1=2.0))
    assert figures.limit_steps(run.program, "water", None, NOON, NOON + S) == []


@given(depths=st.lists(st.floats(0.1, 50), min_size=1, max_size=6), share=st.floats(0.01, 2), level=st.floats(0, 60))
def test_a_share_judges_as_the_number_would_that_it_comes_to(depths: list[float], share: float, level: float) -> None:
    devices = tuple(device(f"W{n}", "manhole_cover", figures={"depth": depth}) for n, depth in enumerate(depths))
    limits = ShareLimits(Share(share=share, of="depth"), devices)
    series = np.arange(len(devices), dtype=np.intp)
    found = findings(Comparison.AT_MOST, np.full(len(devices), level), limits.at(series, series.astype(np.int64)), 0.0)
    assert found.tolist() == [Finding.OK if level <= round(share * depth, 9) else Finding.VIOLATED for depth in depths]
    assert [limits.explain(place, 0)[0] for place in series.tolist()] == [round(share * depth, 9) for depth in depths]


@pytest.mark.parametrize("depth", [0.0, -3.0])
def test_a_depth_that_nobody_measured_makes_no_limit(tmp_path: Path, depth: float) -> None:
    ruleset = rules(tmp_path, EIGHTY)
    run = Run.of(ruleset, shafts(W1=depth, W2=2.0))
    assert [device.id for device in run.program.judges["water"].devices] == ["W2"]
    [warning] = [one for one in warnings_of(ruleset, shafts(W1=depth, W2=2.0), on=TODAY) if "figure" in one.message]
    assert "1 of 2 devices have no figure depth above 0" in warning.message


@pytest.mark.parametrize("depth", [0.7, 1.4, 2.3, 2.8, 4.6, 5.6, 9.2])
def test_a_share_is_what_a_pocket_calculator_says(depth: float) -> None:
    limits = ShareLimits(Share(share=0.8, of="depth"), tuple(shafts(W1=depth)))
    assert limits.explain(0, NOON)[0] == float(Decimal("0.8") * Decimal(str(depth)))
