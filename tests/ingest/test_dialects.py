"""A dialect that names what does not exist is found before the first message comes."""

from dataclasses import replace

from config.catalogue import load_catalogue
from domain.devices import Dialect
from ingest.formats.dialects import faults
from tests.ingest.fakes import small_city


def faults_of(dialect: Dialect) -> list[str]:
    city = small_city(["NM-0001"])
    devices = {name: replace(device, dialect=dialect) for name, device in city.devices.items()}
    return list(faults(replace(city, devices=devices), load_catalogue()[0]))


def test_unknown_codecs_and_metrics_are_named_once_for_all_that_share_them() -> None:
    found = faults_of(Dialect(codec="acme-9", metrics={"a": "laeq", "b": "loudness"}))
    assert [text.split(": ")[0] for text in found] == ["device NM-0001", "device NM-0001"]
    assert "'acme-9' does not exist; known are milesight" in found[0]
    assert "b means 'loudness'" in found[1]


def test_a_sound_dialect_has_no_fault() -> None:
    assert faults_of(Dialect(codec="milesight-ws302", metrics={"a": "laeq"})) == []
