"""Plans a change of the registry's file, whole and checked, before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from citybrain.registry.difference import Difference, difference
from citybrain.registry.merging import merged
from citybrain.settings import Settings
from config.catalogue import SHIPPED, load_catalogue
from config.city import load_city
from config.registry.checking import Examined, examined, validated
from config.registry.entries import DeviceEntry
from config.registry.listing import Listing, Spot, named
from config.registry.reading import YAML, read_listing
from config.registry.writing import write_devices
from config.registry.yaml_file import paused_collection
from domain.devices import DeviceKind
from domain.errors import Misconfigured, Problem
from domain.places import City


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a change is held against: the registry's file, the city and the kinds."""

    target: Path
    city: City
    kinds: Mapping[str, DeviceKind]

    @classmethod
    def of(cls, settings: Settings) -> "Ground":
        """Raises Misconfigured."""
        _, kinds = load_catalogue(settings.catalogue or SHIPPED)
        city, _ = load_city(settings.city)
        return cls(target=settings.devices, city=city, kinds=kinds)

    def installed(self) -> Listing:
        """What is installed now; nothing where the file is still missing. Raises Misconfigured."""
        if not self.target.exists():
            return Listing(contents=(), spot=lambda _index, _where: Spot(file=str(self.target), line=None, label=""))
        return read_listing(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change that could be written, unless there are problems."""

    ground: Ground
    before: Sequence[DeviceEntry]
    after: Sequence[DeviceEntry]
    difference: Difference
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    def write(self) -> Path | None:
        """Put the outcome in the place of the registry's file: where the old one is kept. Raises Misconfigured."""
        problems = list(self.problems) or _why_not_written(self.ground.target)
        if problems:
            raise Misconfigured(problems)
        return write_devices(self.ground.target, self.after)


def plan_change(ground: Ground, incoming: Listing, *, replace: bool) -> Plan:
    """The registry with `incoming` laid over it, or in its place. Raises Misconfigured when the installed file cannot
    be read at all.
    """
    with paused_collection():
        installed = ground.installed()
        wanted = merged(installed, incoming, replace=replace)
        outcome = examined(wanted, city=ground.city, kinds=ground.kinds)
        before = [entry for _, entry in validated(installed, ground.city)[0]]
    return Plan(
        ground=ground,
        before=before,
        after=outcome.entries,
        difference=difference(before, outcome.entries, unreadable=_unreadable(wanted, outcome)),
        problems=tuple(outcome.problems),
        notes=incoming.notes,
    )


def _unreadable(wanted: Listing, outcome: Examined) -> dict[str, Spot]:
    """Ids of rows that have not the shape of a device, and where each begins."""
    if len(outcome.entries) == len(wanted.contents):
        return {}
    read = {entry.id for entry in outcome.entries}
    names = ((index, named(content)) for index, content in enumerate(wanted.contents))
    return {name: wanted.spot(index, ()) for index, name in names if name is not None and name not in read}


def _why_not_written(target: Path) -> list[Problem]:
    if target.suffix.lower() in YAML:
        return []
    message = (
        f"only YAML is written, and the settings' `devices` is a {target.suffix} file: change that file where it comes"
        " from, or name a .yaml file there and import this one into it"
    )
    return [Problem(file=str(target), line=None, message=message)]
