"""What is tried on what: the city with its devices, the rules, and the readings, wherever they are."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from citybrain.assembly import assemble
from citybrain.backtest.asked import Asked, newest_in
from citybrain.backtest.columns import ColumnsFile
from citybrain.backtest.listing import read_listing
from citybrain.backtest.scratch import write_scratch
from citybrain.backtest.source import Source
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.settings import Settings, zone_of
from config.catalogue import SHIPPED, load_catalogue
from config.city import load_city, load_registry
from config.durations import parse_duration
from domain.devices import DeviceKind, Registry
from domain.errors import Misconfigured, Problem
from domain.instants import from_micros, to_micros
from domain.metrics import Catalogue
from rules.loading import RuleSet, load_rules
from rules.settings import SHIPPED_LIMITS
from store.series.opening import open_series_store
from store.settings import SeriesKind

DEMO_CITY = SHIPPED.parent / "city" / "city.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The city that the rules are tried on."""

    registry: Registry
    catalogue: Catalogue
    kinds: Mapping[str, DeviceKind]
    limits: tuple[Path, ...]
    own_rules: tuple[Path, ...]
    """Those of the installation; none where a file of readings came without settings."""

    def rules(self, files: Sequence[Path]) -> RuleSet:
        """Of these files; of none: the installation's own. Raises Misconfigured."""
        if files or self.own_rules:
            return load_rules(files or self.own_rules, catalogue=self.catalogue, kinds=self.kinds, limits=self.limits)
        message = "which rules? give --rules FILE, or --config FILE of an installation whose own rules are meant"
        raise Misconfigured([Problem(file="--rules", line=None, message=message)])


def installed(settings: Settings) -> Subject:
    """The city of an installation. Raises Misconfigured."""
    installation = assemble(settings)
    return Subject(
        registry=installation.registry,
        catalogue=installation.catalogue,
        kinds=installation.registry.kinds,
        limits=settings.rules.limits,
        own_rules=settings.rules.files,
    )


def listed(devices: Path, settings: Settings | None) -> Subject:
    """The devices of a file, in the city of an installation, or in that of the demo. Raises Misconfigured."""
    catalogue, kinds = load_catalogue((settings and settings.catalogue) or SHIPPED)
    city, _ = load_city(settings.city if settings else DEMO_CITY)
    zone_of(city.timezone)
    return Subject(
        registry=load_registry(devices, city=city, kinds=kinds),
        catalogue=catalogue,
        kinds=kinds,
        limits=settings.rules.limits if settings else SHIPPED_LIMITS,
        own_rules=settings.rules.files if settings else (),
    )


@contextmanager
def readings_of(settings: Settings, catalogue: Catalogue) -> Iterator[Source]:
    """From the store of an installation: a file directly, or through the engine while it runs; a server as ever."""
    with ExitStack() as stack:
        source: Source
        engine = _running(settings, stack)
        if settings.series.kind is not SeriesKind.EMBEDDED:
            store = open_series_store(settings.series, settings.data, catalogue)
            newest = _unknown if engine is not None else partial(newest_in, store)
            source = Asked(store, name=str(settings.series.kind), newest=newest, close=store.close)
        elif engine is not None:
            source = Asked(engine, name="citybrain")
        else:
            source = ColumnsFile(settings.data / "readings.duckdb")
        stack.callback(source.close)
        yield source


@contextmanager
def readings_in(file: Path, scratch: Path) -> Iterator[Source]:
    """From a text file, by way of a scratch file in the folder `scratch`. Raises Misconfigured."""
    path = scratch / "readings.duckdb"
    write_scratch(path, read_listing(file))
    source = ColumnsFile(path)
    source.name = str(file)
    try:
        yield source
    finally:
        source.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """[start, end) in microseconds."""

    start: int
    end: int


def period_of(since: str | None, until: str | None, *, source: Source, now: datetime | None) -> Period:
    """The time that is meant. Durations count back from `now`, or from just after the last reading where that is known:
    then no engine runs, and what is silent after it is so because nobody listens. `now` None: a file.

    Raises Misconfigured when nothing was stored, and ValueError for what is no time.
    """
    extent = source.extent() if now is None else None
    if now is not None:
        last = source.newest(to_micros(now))
        newest = to_micros(now) if last is None else last + 1
    elif extent is not None:
        newest = extent.last + 1
    else:
        raise Misconfigured([Problem(file=source.name, line=None, message="holds no readings")])
    end = _moment(until, from_micros(newest)) if until else newest
    if since is None and extent is not None:
        start = min(extent.first, end)
    else:
        start = _moment(since or "30d", from_micros(newest))
    if start >= end:
        raise ValueError(f"--since {since} does not lie before the end, {from_micros(end).isoformat()}")
    return Period(start=start, end=end)


def _unknown(_before: int) -> None:
    """An engine that runs writes on: the last reading is no end."""


def _moment(text: str, reference: datetime) -> int:
    try:
        return to_micros(reference - timedelta(seconds=parse_duration(text)))
    except ValueError:
        pass
    try:
        return to_micros(datetime.fromisoformat(text))
    except ValueError as exc:
        raise ValueError(f"{text!r} is no time; write 30d, or 2026-11-22T10:00:00+08:00") from exc


def _running(settings: Settings, stack: ExitStack) -> EngineClient | None:
    address = EngineAddress.read(settings.data)
    if address is None or not address.is_running:
        return None
    engine = stack.enter_context(EngineClient(address))
    # the number of a dead engine may belong to a stranger by now: only one that knows the token is ours
    return engine if engine.is_ready() else None
