"""Stand-ins for the seams of the intake, typed by their ports, and a small city."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

import msgspec

from config.catalogue import load_catalogue
from domain.devices import Device, Registry
from domain.errors import Temporary
from domain.instants import to_micros
from domain.messages import Message
from domain.places import City, Place
from domain.settlements import Journalled, Settlement
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from runtime.clock import ManualClock

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW = to_micros(NOON)
NOW_MS = NOW // 1000
METERS = tuple(f"NM-{number:04d}" for number in range(1, 21))


def small_city(meters: Sequence[str] = METERS) -> Registry:
    """Noise meters, and one manhole cover MC-1."""
    _, kinds = load_catalogue()
    place = Place(lon=121.5, lat=31.2)
    devices = [Device(id=one, kind="noise_meter", zh="噪声", en="Noise", place=place, interval_s=60) for one in meters]
    devices.append(Device(id="MC-1", kind="manhole_cover", zh="井盖", en="Cover", place=place, interval_s=86400))
    city = City(zh="试城", en="Trial", timezone="Asia/Shanghai", centre=place)
    return Registry(city=city, kinds=kinds, devices={device.id: device for device in devices})


def pipeline_of(registry: Registry | None = None, settings: IngestSettings | None = None, **more: object) -> Pipeline:
    catalogue, _ = load_catalogue()
    settings = settings or IngestSettings()
    statistics = Statistics([feed.id for feed in settings.feeds])
    return Pipeline(registry or small_city(), catalogue, settings, statistics=statistics, **more)


def message(payload: object, *, device: str = "NM-0001", topic: str | None = None, **more: object) -> Message:
    """One message in the native format; `payload` is bytes or becomes JSON."""
    content = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    known = {"feed": "city", "received": NOW, "topic": topic or f"citybrain/v1/up/{device}"}
    return Message(payload=content, **{**known, **more})


def missing(pipeline: Pipeline) -> dict[str, int]:
    """By feed, what devices counted and did not come."""
    return {feed: now.missing for feed, now in pipeline.statistics.figures(monotonic=0).feeds.items()}


def noise(laeq: float = 58.4, *, t: int | str | None = NOW_MS, **more: object) -> dict[str, object]:
    """One object of the native format."""
    return {"v": {"laeq": laeq}, **({} if t is None else {"t": t}), **more}


def at_least_a_microsecond(wait_s: float) -> timedelta:
    """A wait that a clock of microseconds can show: time that does not move would never end."""
    return timedelta(microseconds=ceil(wait_s * 1_000_000 - 0.5)) if wait_s > 1e-6 else timedelta(microseconds=1)


class FakeJournal:
    """domain.ports.Journal in memory. `full` makes it refuse, as a full disk does."""

    def __init__(self) -> None:
        self.entries: list[Journalled] = []
        self.is_full = False
        self.refused = 0

    def append(self, settlement: Settlement) -> int:
        if self.is_full:
            self.refused += 1
            raise Temporary("no space left on device; free some")
        self.entries.append(Journalled(sequence=len(self.entries) + 1, settlement=settlement))
        return len(self.entries)

    def read(self, *, after: int, limit: int) -> Sequence[Journalled]:
        return self.entries[after : after + limit]

    def wait(self, *, after: int, timeout_s: float) -> bool:
        return self.last_sequence > after

    @property
    def last_sequence(self) -> int:
        return len(self.entries)

    @property
    def settlements(self) -> list[Settlement]:
        return [entry.settlement for entry in self.entries]


class FakeSession:
    """domain.ports.Session on a script: each `receive` hands over the next burst, or lets the time pass."""

    def __init__(self, clock: ManualClock, bursts: Sequence[Sequence[Message]] = ()) -> None:
        self._clock = clock
        self.bursts = list(bursts)
        self.acknowledged: list[Message] = []
        self.is_closed = False

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        if self.bursts and (burst := self.bursts.pop(0)):
            return burst
        self._clock.advance(at_least_a_microsecond(wait_s))
        return []

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.acknowledged.extend(messages)

    def is_connected(self) -> bool:
        return not self.is_closed

    def connections(self) -> Mapping[str, bool]:
        return {"city": self.is_connected()}

    def close(self) -> None:
        self.is_closed = True
