"""The bench of the registry loads what it wrote, from every kind of file, and weighs it."""

import pytest

from tests.app.terminal import Terminal

pytestmark = pytest.mark.process


def test_a_registry_is_loaded_from_every_kind_of_file_and_weighed(terminal: Terminal) -> None:
    ran = terminal.run("bench", "registry", "--devices", "300", "--json")
    [result] = ran.rows
    assert ran.code == 0 and result["devices"] == 300
    assert all(result[f"{name}_s"] > 0 for name in ("own_yaml", "csv", "geojson", "hand_yaml", "yaml_load"))
    assert 300 < result["bytes_per_device"] < 3000


def test_people_get_the_same_in_words(terminal: Terminal) -> None:
    ran = terminal.run("bench", "registry", "--devices", "100")
    assert ran.out.startswith("100 devices, seconds of processor time") and "bytes a device" in ran.out
