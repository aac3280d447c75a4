"""Whatever stands in a rules file: problems with their lines, or rules that can be compiled, warned of and driven."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S, from_micros
from rules import engine, snapshots
from rules.advice import warnings_of
from rules.fingerprints import fingerprints
from rules.loading import load_rules
from rules.schema import rules_schema
from tests.rules.city import CATALOGUE, CLAUSE, KINDS, Row, at, batch, vocabulary_of
from tests.rules.small_city import DEVICES, METRICS, RULES, SWITCH, VALUES, city_of

S = MICROS_PER_S
START = at("2026-11-22T21:59:00")
SCHEMA: Mapping[str, Any] = json.loads(json.dumps(rules_schema()))
REGISTRY = city_of(*DEVICES)
WORDS = vocabulary_of(REGISTRY)
COMMON = {"zh": "规则", "en": "Rule", "severity": "yellow", "clause": CLAUSE}
WORDS_OF_FILES = ["laeq", "lamp_on", "cover_open", "gb3096", "dB(A)", "µg/m³", "1", "A", "R", "lamp", "cn", "30s", "0s"]
WORDS_OF_FILES += [
    "1m",
    "1h",
    "1d",
    "8h",
    "400d",
    "22:00-06:00",
    "00:00",
    "500m",
    "up",
    "main",
    "all",
    "",
    "-10m",
    "x.csv",
]
NUMBERS = [
    0,
    1,
    2,
    60,
    -1,
    0.5,
    100,
    1e9,
    1e308,
    -1e308,
    1e-300,
    4_294_967_296,
    2**63,
    2**70,
    float("nan"),
    float("inf"),
]

scalars = st.sampled_from([*WORDS_OF_FILES, *NUMBERS, True, False, None])
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS_OF_FILES), inner, max_size=3),
    max_leaves=6,
)


def of_schema(schema: Any) -> st.SearchStrategy[Any]:
    """Mostly what the schema takes, with values that a person may write."""
    if schema is True:
        return anything
    if "$ref" in schema:
        return st.deferred(lambda: of_schema(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]))
    ways = schema.get("anyOf", schema.get("oneOf"))
    if ways and "properties" not in schema:
        return st.one_of([of_schema(way) for way in ways])
    known = [schema["const"]] if "const" in schema else schema.get("enum")
    return st.sampled_from(known) if known else _of_type(schema)


def _of_type(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    plain: Mapping[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(WORDS_OF_FILES),
        "number": st.sampled_from(NUMBERS),
        "integer": st.sampled_from(NUMBERS),
        "boolean": st.booleans(),
    }
    match schema.get("type"):
        case "object":
            return _objects(schema)
        case "array":
            return st.lists(of_schema(schema.get("items", True)), max_size=3)
        case kind:
            return plain.get(str(kind), scalars)


def _objects(schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    known = schema.get("properties", {})
    if not known:
        return st.dictionaries(st.sampled_from(WORDS_OF_FILES), scalars, max_size=2)
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: of_schema(known[name]) for name in required if name in known},
        optional={name: of_schema(part) for name, part in known.items() if name not in required},
    )


ENTRIES = {str(entry["kind"]): entry for entry in RULES}
"""A good one of every kind."""
PARTS = {
    definition["properties"]["kind"]["const"]: definition["properties"]
    for definition in SCHEMA["$defs"].values()
    if "const" in definition.get("properties", {}).get("kind", {})
}


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A good rule of some kind of which a few keys say something else, as the schema has it or not."""
    kind = draw(st.sampled_from(sorted(ENTRIES)))
    entry = dict(ENTRIES[kind])
    keys = sorted(PARTS[kind].keys() - {"id", "kind"})
    for key in draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3, unique=True)):
        entry[key] = draw(of_schema(PARTS[kind][key]) | anything)
    for key in draw(st.lists(st.sampled_from(sorted(entry)), max_size=1)):
        del entry[key]
    return {**({} if "levels" in entry else COMMON), **entry}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "x.csv").write_text("A,60\nnobody,70\n", encoding="utf-8")
    return folder


@pytest.mark.thorough
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(entry=spoiled())
def test_what_stands_in_a_rules_file_is_refused_with_a_line_or_can_be_judged(
    entry: dict[str, Any], folder: Path
) -> None:
    path = folder / "rules.yaml"
    others = [{**COMMON, **rule} for rule in RULES if rule["id"] == "loud" and entry.get("id") != "loud"]
    path.write_text(yaml.safe_dump({"rules": [entry, *others]}, allow_unicode=True), encoding="utf-8")
    try:
        ruleset = load_rules([path], catalogue=CATALOGUE, kinds=KINDS)
        program = engine.compile_rules(ruleset, REGISTRY, WORDS)
    except Misconfigured as exc:
        assert exc.problems
        assert all(problem.line is not None and problem.message for problem in exc.problems), exc.problems
        return
    warnings_of(ruleset, REGISTRY, on=from_micros(START).date())
    assert json.dumps(dict(fingerprints(ruleset)))
    state = engine.initial_state(program)
    for step in range(4):
        now = START + step * 31 * S
        rows: list[Row] = [
            (device.id, metric, now - place, VALUES.get(metric, SWITCH)[-(step % 2)])
            for device in DEVICES
            for place, metric in enumerate(METRICS[device.kind])
        ]
        state, _ = engine.evaluate(program, state, batch(WORDS, rows))
        state, _ = engine.advance(program, state, now)
        state = snapshots.load(snapshots.dump(state), program)
    engine.advance(program, state, START + 7_200 * S)
