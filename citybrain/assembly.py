"""Builds what an installation is made of, once, from its settings: registry, catalogue, vocabulary, rules."""

from dataclasses import dataclass
from pathlib import Path

from citybrain.settings import Settings, zone_of
from config.catalogue import SHIPPED, load_catalogue
from config.city import load_city, load_registry
from domain.devices import Registry
from domain.errors import Misconfigured, Problem
from domain.metrics import Catalogue
from rules.loading import RuleSet, load_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The things that every process of an installation agrees on."""

    settings: Settings
    catalogue: Catalogue
    registry: Registry
    ruleset: RuleSet
    map_file: Path | None
    file: Path | None = None
    """The settings file, where it may be read again."""


def assemble(settings: Settings, *, file: Path | None = None) -> Installation:
    """Read every file that the settings name; `file` is the settings' own.

    Raises Misconfigured with the problems of the first that has any.
    """
    catalogue, kinds = load_catalogue(settings.catalogue or SHIPPED)
    city, map_file = load_city(settings.city)
    try:
        zone_of(city.timezone)
    except ValueError as exc:
        raise Misconfigured([Problem(file=str(settings.city), line=None, message=str(exc))]) from exc
    if map_file is not None and not map_file.is_file():
        raise Misconfigured([Problem(file=str(settings.city), line=None, message=f"map {map_file} is not there")])
    registry = load_registry(settings.devices, city=city, kinds=kinds)
    return Installation(
        settings=settings,
        catalogue=catalogue,
        registry=registry,
        ruleset=load_rules(settings.rules.files, catalogue=catalogue, kinds=kinds, limits=settings.rules.limits),
        map_file=map_file,
        file=file,
    )
