"""Looks at an installation's files as a whole, layer by layer, and collects what is wrong with all of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from citybrain.settings import Settings, load_settings, zone_of
from config.catalogue import SHIPPED, load_catalogue
from config.city import load_city, load_registry
from domain.errors import Misconfigured, Problem
from domain.readings import Vocabulary
from ingest.formats.choosing import table_of
from ingest.formats.dialects import faults
from ingest.formats.mapping_file import check_metrics
from notify.routes import open_channels
from rules.advice import refuse_vain_lateness
from rules.engine import compile_rules
from rules.loading import load_rules
from store.series.cardinality import check_series

Found = TypeVar("Found")


@dataclass(slots=True)
class Report:
    """`problems` in the order in which the files are read; `summary` says what was found when there are none."""

    problems: list[Problem] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)

    def attempt(self, work: Callable[[], Found]) -> Found | None:
        """The result, or None with its problems noted: the next file is looked at all the same."""
        try:
            return work()
        except Misconfigured as exc:
            self.problems.extend(exc.problems)
            return None


def check_everything(file: Path) -> Report:
    """Never raises for what a file says."""
    report = Report()
    settings = report.attempt(lambda: load_settings(file))
    if settings is not None:
        _check(settings, report)
    return report


def check_settings(settings: Settings, *, variables: bool = True) -> Report:
    """Of settings that have been read: every file that they name. Never raises for what one says.

    Without `variables` nothing is said of those of the environment: a service has its own, and not ours.
    """
    report = Report()
    _check(settings, report, variables=variables)
    return report


def _check(settings: Settings, report: Report, *, variables: bool = True) -> None:
    _check_secrets(settings, report, variables=variables)
    _check_content(settings, report)


def _check_content(settings: Settings, report: Report) -> None:
    known = report.attempt(lambda: load_catalogue(settings.catalogue or SHIPPED))
    placed = report.attempt(lambda: load_city(settings.city))
    if placed is not None:
        _check_city(settings, placed[0].timezone, placed[1], report)
    if known is None:
        return
    catalogue, kinds = known
    if report.attempt(lambda: table_of(settings.ingest)) is not None:
        report.attempt(lambda: check_metrics(settings.ingest.mappings, catalogue))
    rules = report.attempt(
        lambda: load_rules(settings.rules.files, catalogue=catalogue, kinds=kinds, limits=settings.rules.limits)
    )
    if placed is None:
        return
    city = placed[0]
    registry = report.attempt(lambda: load_registry(settings.devices, city=city, kinds=kinds))
    if registry is None:
        return
    for fault in faults(registry, catalogue):
        report.problems.append(Problem(file=str(settings.devices), line=None, message=fault))
    if rules is None:
        return
    vocabulary = Vocabulary(devices=tuple(registry.devices), metrics=catalogue.codes)
    report.attempt(lambda: refuse_vain_lateness(rules, reach_s=settings.ingest.reach_s))
    report.attempt(lambda: compile_rules(rules, registry, vocabulary))
    report.attempt(lambda: check_series(settings.series, registry))
    report.summary = [
        f"城市 city       {city.zh} · {city.en}（{city.timezone}）",
        f"设备 devices    {len(registry)}",
        f"规则 rules      {len(rules.rules)}",
        f"代理 broker     {settings.ingest.broker.host}:{settings.ingest.broker.port}",
        f"读数 series     {settings.series.kind}",
        "没有问题 · no problems",
    ]


def _check_city(settings: Settings, timezone: str, map_file: Path | None, report: Report) -> None:
    try:
        zone_of(timezone)
    except ValueError as exc:
        report.problems.append(Problem(file=str(settings.city), line=None, message=str(exc)))
    if map_file is not None and not map_file.is_file():
        message = f"map: {map_file} is not there; write the name of a GeoJSON file beside this one, or leave map out"
        report.problems.append(Problem(file=str(settings.city), line=None, message=message))
    elif map_file is not None and not _is_geojson(map_file):
        message = "is not GeoJSON; write a FeatureCollection as docs/map.md says"
        report.problems.append(Problem(file=str(map_file), line=None, message=message))


def _is_geojson(file: Path) -> bool:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and isinstance(content.get("features"), list)


def _check_secrets(settings: Settings, report: Report, *, variables: bool) -> None:
    broker = settings.ingest.broker
    report.attempt(broker.secret)
    tls = broker.tls
    if tls is not None:
        report.attempt(tls.context)
    influx = settings.series.influxdb
    if influx is not None:
        report.attempt(influx.read_token)
        report.attempt(influx.read_password)
    routes = tuple(route for route in settings.notify.routes if variables or route.url_env is None)
    notify = settings.notify.model_copy(update={"routes": routes})
    report.attempt(lambda: open_channels(notify, directory=settings.data))
