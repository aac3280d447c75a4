"""Reads a file of devices by the ending of its name."""

from pathlib import Path

from config.registry.geojson_file import read_geojson
from config.registry.listing import Listing
from config.registry.table_file import read_table
from config.registry.yaml_file import read_yaml_listing
from domain.errors import Misconfigured, Problem

YAML = (".yaml", ".yml")
TABLES = (".csv", ".tsv")
GEOJSON = (".geojson", ".json")


def read_listing(path: Path, *, ignore_extra: bool = False) -> Listing:
    """What the file says about its devices, not looked at yet. Raises Misconfigured."""
    ending = path.suffix.lower()
    if ending in YAML:
        return read_yaml_listing(path)
    if ending in TABLES:
        return read_table(path, ignore_extra=ignore_extra)
    if ending in GEOJSON:
        return read_geojson(path, ignore_extra=ignore_extra)
    message = f"a file of devices ends in .yaml, .csv or .geojson, not in {ending or 'nothing'}; rename or convert it"
    raise Misconfigured([Problem(file=str(path), line=None, message=message)])
