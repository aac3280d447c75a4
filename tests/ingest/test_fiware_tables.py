"""The tables of codes of FIWARE, SenML and SensorThings against the catalogue: what they promise can be stored."""

import pytest

from config.catalogue import load_catalogue
from config.codes import shipped_codes
from domain.codes import Meaning
from ingest.formats.plain_names import plain_names
from ingest.units import converted

CATALOGUE, _ = load_catalogue()
TABLES = ["fiware-common", "fiware-noise", "fiware-air", "fiware-streetlight", "fiware-cabinet"]
TABLES += ["plain-names", "senml", "sensorthings"]
MEANT = [
    pytest.param(meaning, id=f"{table}:{code}")
    for table in TABLES
    for code, meaning in shipped_codes(table).items()
    if meaning.metric is not None
]


@pytest.mark.parametrize("meaning", MEANT)
def test_every_meaning_is_a_metric_of_the_catalogue_in_a_unit_that_it_takes(meaning: Meaning) -> None:
    metric = CATALOGUE[meaning.metric or ""]
    given = meaning.unit or metric.unit
    assert given.startswith("unstated") or converted(1, given=given, wanted=metric.unit) > 0


@pytest.mark.parametrize("meaning", MEANT)
def test_every_state_is_a_value_of_its_metric_or_stands_for_none(meaning: Meaning) -> None:
    metric = CATALOGUE[meaning.metric or ""]
    assert all(metric.low <= number <= metric.high for number in set(meaning.states.values()) - meaning.missing)


@pytest.mark.parametrize("code", CATALOGUE.codes)
def test_every_metric_goes_by_its_own_code(code: str) -> None:
    assert plain_names()[code].metric == code
