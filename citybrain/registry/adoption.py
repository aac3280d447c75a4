"""Makes devices, or aliases of devices, of names that were seen on the wire. Nothing is adopted without being asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from citybrain.registry.changing import Ground, Plan, plan_change
from config.registry.listing import Listing, Spot
from domain.errors import Refused
from domain.names import folded, why_no_name

UNPLACED = ("（位置待定）", " (unplaced)")
"""Behind the names of a device that nobody has placed: it stands in the middle of the city until somebody does."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What is said about devices that are adopted. What is None is made up, visibly."""

    kind: str
    zh: str | None = None
    en: str | None = None
    lon: float | None = None
    lat: float | None = None
    identifier: str | None = None
    """The id, where the name on the wire is none or another one is wanted; the name becomes an alias."""


def plan_adoption(names: Sequence[str], template: Template, ground: Ground) -> Plan:
    """The registry with these as new devices. Raises Refused for a kind that there is not, or half a position."""
    if template.kind not in ground.kinds:
        raise Refused(f"kind {template.kind!r} is not known; known are {', '.join(ground.kinds)}")
    if (template.lon is None) != (template.lat is None):
        raise Refused("give both --lon and --lat, or neither: then the device stands in the middle of the city")
    present = {content.get("id") for content in ground.installed().contents if isinstance(content, dict)}
    taken = sorted({identifier for name in names if (identifier := template.identifier or name) in present})
    if taken:
        raise Refused(f"{', '.join(taken)} is in the registry already; `citybrain devices show {taken[0]}` shows it")
    return plan_change(ground, _listing([_entry(name, template, ground) for name in names]), replace=False)


def plan_alias(name: str, identifier: str, ground: Ground) -> Plan:
    """The registry with `name` as a further name of a device. Raises Refused when there is no such device."""
    reason = why_no_name(name)
    if reason is not None:
        raise Refused(reason)
    for content in ground.installed().contents:
        if isinstance(content, dict) and content.get("id") == identifier:
            present = list(content.get("aliases") or ())
            aliases = present if folded(name) in map(folded, present) else [*present, name]
            return plan_change(ground, _listing([{"id": identifier, "aliases": aliases}]), replace=False)
    raise Refused(f"device {identifier!r} is not in the registry; `citybrain devices` lists what is")


def _entry(name: str, template: Template, ground: Ground) -> dict[str, Any]:
    identifier = template.identifier or name
    if not _ID.fullmatch(identifier):
        raise Refused(f"{identifier!r} can be no id (1 to 64 of A-Z a-z 0-9 . _ -); give one with --id")
    kind, centre = ground.kinds[template.kind], ground.city.centre
    is_placed = template.lon is not None
    zh_mark, en_mark = ("", "") if is_placed else UNPLACED
    return {
        "id": identifier,
        "kind": template.kind,
        "zh": (template.zh or f"{kind.zh} {identifier}") + zh_mark,
        "en": (template.en or f"{kind.en} {identifier}") + en_mark,
        "lon": template.lon if is_placed else centre.lon,
        "lat": template.lat if is_placed else centre.lat,
        **({"aliases": [name]} if folded(identifier) != folded(name) else {}),
    }


def _listing(contents: Sequence[dict[str, Any]]) -> Listing:
    def spot(index: int, where: Sequence[str | int]) -> Spot:
        label = ".".join(map(str, (contents[index]["id"], *where)))
        return Spot(file="devices adopt", line=None, label=label)

    return Listing(contents=contents, spot=spot)
