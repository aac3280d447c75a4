"""Attributes of NGSI entities, in whichever of the four encodings they come: one form for all of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ingest.formats.unit_codes import unit_of_code

NULL = "urn:ngsi-ld:null"
"""How NGSI-LD spells a null, because JSON-LD drops a real one."""

_UNIT_FIELDS = ("unitCode", "unit", "unitText")
_TIME_FIELDS = ("observedAt", "TimeInstant", "timestamp")
_VALUE_FIELDS = ("value", "object", "languageMap", "vocab", "json")
_IRI = re.compile(r"\Ahttps?://.*[/#]")
_ENVELOPE = frozenset({"id", "type", "@id", "@type", "@context"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute with what is said about it. `at` is its own time as text or number, where it has one."""

    name: str
    value: object
    unit: str | None = None
    at: object = None


def short(name: str) -> str:
    """The name without the namespace that a broker without the right @context puts before it."""
    return _IRI.sub("", name)


def attributes_of(entity: Mapping[str, Any]) -> Iterator[Attribute]:
    """All but id, type and context; where NGSI-LD gives several instances of one, the one without a datasetId."""
    for name, raw in entity.items():
        if name not in _ENVELOPE:
            yield _attribute(short(name), _default_instance(raw))


def _default_instance(raw: object) -> object:
    if not (isinstance(raw, list) and raw and all(isinstance(one, dict) and "type" in one for one in raw)):
        return raw
    return next((one for one in raw if "datasetId" not in one), raw[0])


def _attribute(name: str, raw: object) -> Attribute:
    if not isinstance(raw, dict):
        return Attribute(name=name, value=_without_null(raw))
    field = next((field for field in _VALUE_FIELDS if field in raw), None)
    if field is None:  # key-values: the object is the value
        return Attribute(name=name, value=_without_null(raw))
    beside = {**raw, **_metadata(raw.get("metadata"))}
    unit = next((text for one in _UNIT_FIELDS if isinstance(text := _plain(beside.get(one)), str) and text), None)
    at = next((found for one in _TIME_FIELDS if (found := _plain(beside.get(one))) is not None), None)
    return Attribute(
        name=name, value=_without_null(raw[field]), unit=None if unit is None else unit_of_code(unit), at=at
    )


def _metadata(raw: object) -> Mapping[str, object]:
    return raw if isinstance(raw, dict) else {}


def _plain(raw: object) -> object:
    """The value of metadata, which NGSI v2 wraps as {"type": .., "value": ..} and NGSI-LD may as {"@value": ..}."""
    while isinstance(raw, dict) and ("value" in raw or "@value" in raw):
        raw = raw["value"] if "value" in raw else raw["@value"]
    return None if _is_nothing(raw) else raw


def _without_null(value: object) -> object:
    if isinstance(value, dict) and "@value" in value:
        value = value["@value"]
    return None if _is_nothing(value) else value


def _is_nothing(value: object) -> bool:
    """A null, or the blank that an IoT Agent writes into attributes that were never set."""
    return isinstance(value, str) and (value == NULL or not value.strip())
