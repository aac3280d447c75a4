"""Rules on the same devices share what they know of them, and a kind writes no sightings but its own."""

import numpy as np
import pytest

from domain.conditions import Target, TargetKind
from rules.columns import NEVER, blank
from rules.judges import Site
from tests.rules.city import meter, registry_of, vocabulary_of

METERS = tuple(meter(name) for name in ("A", "B", "C"))
REGISTRY = registry_of(*METERS)


def a_site() -> Site:
    return Site(registry=REGISTRY, vocabulary=vocabulary_of(REGISTRY), tables={}, units={}, blind_after_us=1)


def test_two_rules_on_the_same_devices_have_one_roster() -> None:
    site = a_site()
    assert site.roster_of(METERS) is site.roster_of(list(METERS))


def test_the_order_of_the_devices_is_that_of_the_columns() -> None:
    roster = a_site().roster_of((METERS[2], METERS[0]))
    assert roster.ids == ("C", "A")
    assert roster.place_of.tolist() == [1, -1, 0]


def test_every_device_is_a_target_of_its_own() -> None:
    roster = a_site().roster_of(METERS[:1])
    assert roster.targets == (Target(kind=TargetKind.DEVICE, id="A"),)
    assert roster.keys == (str(roster.targets[0]),)


def test_the_places_that_rules_share_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        a_site().roster_of(METERS).place_of[0] = 2


def test_a_column_that_a_kind_does_not_write_reads_as_nothing_heard_and_cannot_be_written() -> None:
    sightings = blank(devices=("A", "B"), targets=(), sights=frozenset({"at"})).sightings
    sightings.at[0] = 7
    assert sightings.watched.tolist() == [NEVER, NEVER]
    assert np.isnan(sightings.value).all()
    with pytest.raises(ValueError, match="read-only"):
        sightings.watched[0] = 7
