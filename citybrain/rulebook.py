"""The rules of an installation, or those that ship, with what they are read and tried against; for the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from citybrain.settings import Settings, load_settings, zone_of
from config.catalogue import SHIPPED, load_catalogue
from config.city import load_city, load_registry
from domain.devices import DeviceKind, Registry
from domain.errors import Misconfigured, Problem
from domain.metrics import Catalogue
from domain.ports import Clock
from domain.readings import Vocabulary
from rules.advice import refuse_vain_lateness, warnings_of
from rules.casebooks.reading import Shelf
from rules.engine import compile_rules
from rules.loading import RuleSet, load_rules
from rules.settings import RulesSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Rules that are read and fit together; `registry` is None where no installation is meant."""

    ruleset: RuleSet
    registry: Registry | None
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What rules are read against."""

    catalogue: Catalogue
    kinds: dict[str, DeviceKind]
    registry: Registry | None
    settings: RulesSettings
    reach_s: float | None
    """How far two readings that the installation takes in may be apart; None where none is meant."""

    @classmethod
    def of(cls, settings: Settings | None) -> "Ground":
        """Of an installation, or of what ships. Raises Misconfigured."""
        catalogue, kinds = load_catalogue((settings.catalogue if settings else None) or SHIPPED)
        registry = None
        if settings is not None:
            city, _ = load_city(settings.city)
            registry = load_registry(settings.devices, city=city, kinds=kinds)
        return cls(
            catalogue=catalogue,
            kinds=kinds,
            registry=registry,
            settings=settings.rules if settings else RulesSettings(),
            reach_s=settings.ingest.reach_s if settings else None,
        )

    def shelf(self) -> Shelf:
        """What casebooks of this ground are read against."""
        own = self.registry is not None
        return Shelf(
            catalogue=self.catalogue,
            kinds=self.kinds,
            rules=self.settings.files,
            limits=self.settings.limits if own else (),
        )


def read_rulebook(ground: Ground, clock: Clock, *, files: Sequence[Path] = ()) -> Rulebook:
    """The ground's own rules, or these files. Raises Misconfigured with every problem of every file."""
    ruleset = load_rules(
        files or ground.settings.files, catalogue=ground.catalogue, kinds=ground.kinds, limits=ground.settings.limits
    )
    if ground.reach_s is not None:
        refuse_vain_lateness(ruleset, reach_s=ground.reach_s)
    registry = ground.registry
    if registry is not None:
        compile_rules(ruleset, registry, Vocabulary(devices=tuple(registry.devices), metrics=ground.catalogue.codes))
    zone = zone_of(registry.city.timezone) if registry else None
    found = warnings_of(ruleset, registry, on=clock.now().astimezone(zone).date())
    return Rulebook(ruleset=ruleset, registry=registry, warnings=tuple(found))


def settings_of(config: Path | None) -> Settings | None:
    """Raises Misconfigured when the file that is named is none."""
    if config is None:
        return None
    if not config.is_file():
        raise Misconfigured([Problem(file=str(config), line=None, message="is not there; check the path")])
    return load_settings(config)
