"""When a demo's story begins on the city's clock."""

from datetime import datetime
from pathlib import Path

from config.catalogue import load_catalogue
from config.city import load_city, load_registry
from simulators.scenario import load_scenario, scenario_path


def story_begin(scenario: str, *, city_folder: Path, real: datetime) -> datetime:
    """The city time that belongs to `real`. Raises Misconfigured for a scenario that does not fit the city."""
    _, kinds = load_catalogue()
    city, _ = load_city(city_folder / "city.yaml")
    registry = load_registry(city_folder / "devices.yaml", city=city, kinds=kinds)
    return load_scenario(scenario_path(scenario), registry).begin(real, city.timezone)
