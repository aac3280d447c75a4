"""What every recording is: rows in order, each a message with its own event time, and the devices that speak in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from config.loading import Strict
from domain.places import NoiseZone
from simulators.messages import Outgoing


class RecordingFormat(StrEnum):
    NOISE_CSV = "noise-csv"
    AIR_CSV = "air-csv"
    CAPTURE = "capture"


class RecordingOptions(Strict):
    """What a file does not say. `device` names the only device of a CSV; `timezone` is that of its local times."""

    timezone: str = "Asia/Shanghai"
    device: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    zone: NoiseZone = NoiseZone.TWO
    lon: float = 116.4
    lat: float = 39.9

    @field_validator("timezone")
    @classmethod
    def _exists(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (KeyError, ValueError) as exc:
            raise ValueError(f"timezone {timezone!r} is not known; write a name such as Asia/Shanghai") from exc
        return timezone


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDevice:
    """A device as far as its recording shows it."""

    id: str
    kind: str
    zh: str
    en: str
    interval_s: float
    zone: NoiseZone | None = None


@dataclass(slots=True)
class Skipped:
    """Rows without a usable message: how many, and what was wrong with the first few, by their lines in the file."""

    rows: int = 0
    samples: list[str] = field(default_factory=list)

    def note(self, line: int, why: str) -> None:
        self.rows += 1
        if len(self.samples) < 5:
            self.samples.append(f"line {line}: {why}")


class Recording(Protocol):
    """A file that has been looked at. Reading it again gives the same messages."""

    options: RecordingOptions

    @property
    def skipped(self) -> Skipped:
        """Filled while the messages are read."""

    def messages(self) -> Iterable[Outgoing]:
        """In the order of the file; `at` is the event time (end of the interval), microseconds since the epoch."""

    def devices(self) -> tuple[RecordedDevice, ...]: ...
