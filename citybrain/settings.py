"""One settings file for an installation: each package's own section, and the few that belong to the whole."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from citybrain.environment import overlay
from config.durations import Seconds
from config.loading import Strict, build, read_yaml
from config.sizes import Bytes
from dashboard.settings import WebSettings
from domain.errors import Misconfigured, Problem
from domain.ports import Clock
from ingest.settings import IngestSettings
from notify.settings import NotifySettings
from rules.settings import SHIPPED_FILES, SHIPPED_LIMITS, RulesSettings
from runtime.clock import Anchor, AnchoredClock, SystemClock
from runtime.log_files import USUAL, LogBound
from store.records.settings import RecordsSettings
from store.settings import JournalSettings, SeriesSettings

SHIPPED = "shipped"
"""Stands for the files that come with citybrain, in `rules.files` and `rules.limits`."""


class ClockSettings(Strict):
    """A city's time that is not the machine's: at `real` it was `city`, running `speed` times as fast."""

    real: datetime
    city: datetime
    speed: float = Field(default=1.0, gt=0)

    @field_validator("real", "city")
    @classmethod
    def _has_a_zone(cls, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError(f"{moment.isoformat()} has no zone; write Z or an offset such as +08:00")
        return moment


class DemoSettings(Strict):
    """Says on every screen that this city is not real."""

    zh: str
    en: str


class EmbeddedBrokerSettings(Strict):
    """Run the broker that comes with citybrain beside the engine, from this rumqttd file. Small sites and demos."""

    configuration: Path


class RetentionSettings(Strict):
    """How often what is past its time is removed. How long each thing is kept stands in its own section."""

    every: Seconds = 3600.0


class LogSettings(Strict):
    """Where the output of the processes goes: into files of this folder, within bounds, else to ours (journald)."""

    folder: Path | None = None
    size: Bytes = Field(default=USUAL.size, ge=4096, le=2**30)
    generations: int = Field(default=USUAL.generations, ge=0, le=100)

    @property
    def bound(self) -> LogBound:
        return LogBound(size=self.size, generations=self.generations)


class Settings(Strict):
    """The whole file. Relative paths are relative to the file's folder."""

    data: Path
    city: Path
    devices: Path
    catalogue: Path | None = None
    rules: RulesSettings = RulesSettings()
    ingest: IngestSettings = IngestSettings()
    series: SeriesSettings = SeriesSettings()
    journal: JournalSettings = JournalSettings()
    records: RecordsSettings = RecordsSettings()
    notify: NotifySettings = NotifySettings()
    web: WebSettings = WebSettings()
    retention: RetentionSettings = RetentionSettings()
    logs: LogSettings = LogSettings()
    embedded_broker: EmbeddedBrokerSettings | None = None
    clock: ClockSettings | None = None
    demo: DemoSettings | None = None

    @model_validator(mode="after")
    def _journal_outlives_the_lateness_horizon(self) -> Self:
        if self.journal.keep < self.ingest.late_horizon:
            raise ValueError(
                f"journal.keep ({self.journal.keep:.0f} s) is shorter than ingest.late_horizon"
                f" ({self.ingest.late_horizon:.0f} s): duplicates could not be known again after a restart;"
                " write a longer journal.keep"
            )
        return self

    @model_validator(mode="after")
    def _rules_wait_for_what_may_come(self) -> Self:
        if self.rules.lateness > self.ingest.reach_s:
            raise ValueError(
                f"rules.lateness ({self.rules.lateness:.0f} s) is longer than any reading that is taken in can be late"
                f" ({self.ingest.reach_s:.0f} s: ingest.late_horizon and ingest.future_skew): all would be judged that"
                " much later for nothing; write a shorter rules.lateness"
            )
        return self

    def make_clock(self) -> Clock:
        if self.clock is None:
            return SystemClock()
        return AnchoredClock(Anchor(real=self.clock.real, city=self.clock.city, speed=self.clock.speed))


_PATHS = (
    ("data",),
    ("city",),
    ("devices",),
    ("catalogue",),
    ("embedded_broker", "configuration"),
    ("logs", "folder"),
    ("ingest", "broker", "password_file"),
    ("ingest", "broker", "tls", "ca"),
    ("ingest", "broker", "tls", "certificate"),
    ("ingest", "broker", "tls", "key"),
    ("series", "influxdb", "token_file"),
    ("series", "influxdb", "password_file"),
)


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The file with the environment over it. Raises Misconfigured with every problem."""
    text, content = read_yaml(path)
    if not isinstance(content, Mapping | None):
        raise Misconfigured([Problem(file=str(path), line=1, message="must be a mapping of sections; see examples/")])
    merged = overlay(content or {}, environment, sections=Settings.model_fields)
    for where in _PATHS:
        _anchor_path(merged, where, path.parent)
    _name_rule_files(merged.get("rules"), path.parent)
    _anchor_list(merged.get("ingest"), "mappings", path.parent)
    notify = merged.get("notify")
    routes = notify.get("routes") if isinstance(notify, dict) else None
    for route in routes if isinstance(routes, list) else ():
        _anchor_path({"route": route}, ("route", "url_file"), path.parent)
    ingest = merged.get("ingest")
    listeners = ingest.get("listeners") if isinstance(ingest, dict) else None
    for listener in listeners if isinstance(listeners, list) else ():
        _anchor_path({"listener": listener}, ("listener", "password_file"), path.parent)
    return build(Settings, merged, file=path, text=text)


def _name_rule_files(section: Any, folder: Path) -> None:
    shipped = {"files": SHIPPED_FILES, "limits": SHIPPED_LIMITS}
    if isinstance(section, dict):
        for key, ours in shipped.items():
            if isinstance(section.get(key), list):
                named = [ours if name == SHIPPED else (folder / str(name),) for name in section[key]]
                # who named a file that has come into force by itself since then names it twice
                section[key] = list(dict.fromkeys(str(file) for files in named for file in files))


def zone_of(name: str) -> ZoneInfo:
    """Raises ValueError for a zone of time that does not exist."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:  # OSError: the name of a folder of zones
        raise ValueError(f"timezone {name!r} is not known; write a name such as Asia/Shanghai") from exc


def _anchor_list(section: Any, key: str, folder: Path) -> None:
    if isinstance(section, dict) and isinstance(section.get(key), list):
        section[key] = [str(folder / name) if isinstance(name, str) else name for name in section[key]]


def _anchor_path(content: dict[str, Any], where: tuple[str, ...], folder: Path) -> None:
    section: Any = content
    for key in where[:-1]:
        section = section.get(key) if isinstance(section, dict) else None
    if isinstance(section, dict) and isinstance(section.get(where[-1]), str):
        section[where[-1]] = str(folder / section[where[-1]])
