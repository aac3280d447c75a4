"""The datum of imported positions: conversion where it is known, and signs of a wrong one where it is not."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from config.registry.entries import DeviceEntry
from config.registry.listing import Listing
from domain.datums import Datum, Degrees, from_wgs84, metres, to_wgs84
from domain.places import Place

DECIMALS = 7
"""Of a degree: about a centimetre."""
MOVED_M = 30.0
"""A device that moves less than this has been surveyed better; a datum moves it farther nearly everywhere."""
LIKENESS_M = 15.0
"""How near to the place that a datum would make of the known one counts as that place."""
SHIFTING = (Datum.GCJ02, Datum.BD09)


def converted(listing: Listing, datum: Datum) -> Listing:
    """The listing with its positions in WGS-84. What is no pair of numbers stays, to be refused by the checks."""
    if datum is Datum.WGS84:
        return listing
    contents = list(listing.contents)
    placed = [(index, pair) for index, content in enumerate(contents) if (pair := _pair(content)) is not None]
    lon, lat = to_wgs84(*_columns([pair for _, pair in placed]), datum)
    for (index, _), east, north in zip(placed, lon.tolist(), lat.tolist(), strict=True):
        contents[index] = {**contents[index], "lon": round(east, DECIMALS), "lat": round(north, DECIMALS)}
    return Listing(contents=contents, spot=listing.spot, notes=listing.notes)


def signs_of_a_datum(before: Sequence[DeviceEntry], after: Sequence[DeviceEntry]) -> str | None:
    """Where devices whose position is known would all move as a Chinese map shifts: which one, and how many do.

    One device alone may be moved by chance; of several, half have to agree.
    """
    known = {entry.id: entry for entry in before}
    pairs = [(known[entry.id], entry) for entry in after if entry.id in known]
    old = _columns([(one.lon, one.lat) for one, _ in pairs])
    new = _columns([(other.lon, other.lat) for _, other in pairs])
    moved = _apart_m(old, new) > MOVED_M
    count = int(np.count_nonzero(moved))
    for datum in SHIFTING:
        shifted = from_wgs84(*old, datum)
        alike = moved & (_apart_m(shifted, new) <= LIKENESS_M) & (_apart_m(shifted, old) > MOVED_M)
        agreeing = int(np.count_nonzero(alike))
        if agreeing and 2 * agreeing >= count:
            apart = float(np.median(_apart_m(old, new)[alike]))
            shift = f"as {datum.value} would shift them (about {apart:.0f} m)"
            return (
                f"{agreeing} of {count} moved devices move {shift}: the file seems to be in {datum.value};"
                f" import it with --datum {datum.value}, or with --datum wgs84 if its positions are right as they are"
            )
    return None


def is_shifted_here(place: Place) -> bool:
    """Whether Chinese maps show this place elsewhere than WGS-84."""
    here = _columns([(place.lon, place.lat)])
    return bool(_apart_m(here, from_wgs84(*here, Datum.BD09))[0] > 0.0)


def _apart_m(one: tuple[Degrees, Degrees], other: tuple[Degrees, Degrees]) -> Degrees:
    east, north = metres(other[0] - one[0], other[1] - one[1], at_lat=one[1])
    return np.asarray(np.hypot(east, north))


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[Degrees, Degrees]:
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _pair(content: Any) -> tuple[float, float] | None:
    if not isinstance(content, Mapping):
        return None
    try:
        return float(content["lon"]), float(content["lat"])
    except (KeyError, TypeError, ValueError):
        return None
