"""A small city and files of devices for the tests of the registry."""

from pathlib import Path

import pytest

from config.catalogue import load_catalogue
from config.city import load_registry
from domain.devices import Registry
from domain.errors import Misconfigured
from domain.places import City, Named, Place, Road

_, KINDS = load_catalogue()
CITY = City(
    zh="试城",
    en="Testville",
    timezone="Asia/Shanghai",
    centre=Place(lon=112.5, lat=30.9),
    districts=(Named(id="north", zh="北区", en="North"),),
    roads=(Road(id="R1", zh="一路", en="First Road"),),
    departments=(Named(id="lighting", zh="照明所", en="Lighting"),),
)


def registry_of(folder: Path, name: str, content: str | bytes) -> Registry:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_registry(file, city=CITY, kinds=KINDS)


def faults_of(folder: Path, name: str, content: str | bytes) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        registry_of(folder, name, content)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]
