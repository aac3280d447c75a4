"""The tables of codes of networks and clouds: every meaning is a metric that exists, in a unit that can be stored."""

import pytest

from config.catalogue import load_catalogue
from config.codes import shipped_codes
from ingest.units import converted

CATALOGUE, _ = load_catalogue()


@pytest.mark.parametrize("table", ["lorawan", "clouds"])
def test_every_meaning_is_of_the_catalogue_and_its_unit_is_named_and_can_be_stored(table: str) -> None:
    for code, meaning in shipped_codes(table).items():
        if meaning.metric is None:
            assert "·" in (meaning.ignored_because or ""), code
            continue
        wanted = CATALOGUE[meaning.metric].unit
        if wanted != "1":
            assert meaning.unit is not None, code
            assert converted(1.0, given=meaning.unit, wanted=wanted) == 1.0, code


def test_the_clouds_do_not_say_what_a_battery_is_measured_in() -> None:
    assert not {code for code, meaning in shipped_codes("clouds").items() if meaning.metric == "battery"}
