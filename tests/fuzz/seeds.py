"""Where the fuzzer begins: every payload that the other tests know, by the format that reads it."""

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from domain.messages import Message
from tests.ingest.fakes import NOW_MS
from tests.ingest.sparkplug_edge import BOOLEAN, DOUBLE, FLOAT, UINT64, metric, node_birth, said
from tests.ingest.test_choosing import CASES, NOWHERE
from tests.ingest.voices import VOICES

_HERE = Path(__file__).parents[1] / "ingest"
_SAMPLES = Path(__file__).parents[1] / "samples"
_SHARES = {
    "chirpstack-v4": "chirpstack",
    "chirpstack-v3": "chirpstack",
    "mapping:tingfeng": "mapping",
    "iota-json": "iota",
    "iota-ul": "iota",
    "native-batch": "native",
    "native": "native",
    "ngsi-ld": "ngsi",
    "ngsi-v2": "ngsi",
}
"""Formats that begin with the payloads of their whole family."""


class Sent(NamedTuple):
    """What is published where."""

    topic: str
    payload: bytes


def of_format(name: str) -> list[Sent]:
    """Payloads in the format of that name, or of its family; never empty."""
    return [sent for known, sent in _known() if _family(known) == _family(name)]


def of_all() -> list[Sent]:
    return list(dict.fromkeys(sent for _, sent in _known()))


@cache
def fragments() -> tuple[Any, ...]:
    """Every JSON value that stands in a test as a constant or a parameter: what devices say, and what they must not."""
    found: dict[str, Any] = {}
    for path in sorted(_HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.ingest.{path.stem}")
        for value in vars(module).values():
            held = [value, *(argument for mark in _marks(value) for argument in mark.args[1:])]
            for fragment in (one for holder in held for one in _below(holder, depth=6)):
                found.setdefault(repr(fragment)[:500], fragment)
    return tuple(found.values())


@cache
def _known() -> tuple[tuple[str, Sent], ...]:
    cases = [(case.name, Sent(case.topic or NOWHERE, case.content)) for case in CASES]
    voices = [(voice.name, Sent(voice.topic, voice.said().payload)) for voice in VOICES]
    edge = [("sparkplug-b", Sent(one.topic, one.payload)) for one in _edge_node()]
    return tuple(cases + voices + edge)


def _edge_node() -> list[Message]:
    """The life of an edge node: births that give aliases, data by alias, and deaths."""
    named = metric("laeq", alias=1, datatype=DOUBLE, double_value=50.0, properties={"engUnit": "dB(A)"})
    return [
        node_birth(metrics=[metric("Temperature", alias=2, datatype=FLOAT, float_value=20.5)]),
        said("DBIRTH", [named, metric("Lid/Open", alias=3, datatype=BOOLEAN, boolean_value=True)], seq=1),
        said("DDATA", [metric(alias=1, double_value=60.0, timestamp=NOW_MS), metric(alias=3, is_null=True)], seq=2),
        said("NDATA", [metric(alias=2, float_value=1.5, is_historical=True)], seq=3),
        said("DDEATH", seq=4),
        said("NDEATH", [metric("bdSeq", datatype=UINT64, long_value=0)], seq=None),
    ]


def _family(name: str) -> str:
    return _SHARES.get(name, name)


def _marks(value: object) -> list[Any]:
    marks = getattr(value, "pytestmark", [])
    return [mark for mark in marks if mark.name == "parametrize"] if callable(value) and isinstance(marks, list) else []


def _below(value: object, *, depth: int) -> Iterator[Any]:
    """The value and all in it, as far as JSON can say it."""
    match value:
        case dict() if depth:
            if _is_json(value):
                yield value
            for below in value.values():
                yield from _below(below, depth=depth - 1)
        case list() | tuple() if depth:
            if isinstance(value, list) and _is_json(value):
                yield value
            for below in value:
                yield from _below(below, depth=depth - 1)
        case str() | int() | float() | None:
            yield value


def _is_json(value: Any) -> bool:
    try:
        text = msgspec.json.encode(value)
        return len(text) < 20_000 and bool(msgspec.json.decode(text) or True)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError):
        return False
