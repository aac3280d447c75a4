"""Plays recorded data through the whole chain in event time: at the speed of a clock, or as fast as acknowledged."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from config.separators import head_of
from domain.errors import Refused
from domain.instants import from_micros
from domain.ports import Clock, StopAsked
from runtime import logs
from runtime.clock import Anchor, AnchoredClock
from simulators.messages import Outgoing
from simulators.pacing import Pacer
from simulators.publisher import Publisher
from simulators.recordings.air_csv import AirCsv
from simulators.recordings.captured import Capture
from simulators.recordings.noise_csv import NoiseCsv
from simulators.recordings.recording import RecordedDevice, Recording, RecordingFormat, RecordingOptions

_log = logs.get(__name__)
SETTLE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """`skipped` rows held nothing that could be sent; `samples` says why for the first of them."""

    published: int
    acknowledged: int
    skipped: int
    samples: tuple[str, ...]
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedCity:
    """City and devices files for what speaks in a recording, as text, so that an engine can judge it."""

    city: str
    devices: str

    def write(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "city.yaml").write_text(self.city, encoding="utf-8")
        (directory / "devices.yaml").write_text(self.devices, encoding="utf-8")


def open_recording(
    file: Path, *, format: RecordingFormat | None = None, options: RecordingOptions | None = None
) -> Recording:
    """The recording in its format, or in the one that it looks like. Raises Refused when it is none of them."""
    chosen, settings = format or guess_format(file), options or RecordingOptions()
    match chosen:
        case RecordingFormat.NOISE_CSV:
            return NoiseCsv(file, settings)
        case RecordingFormat.AIR_CSV:
            return AirCsv(file, settings)
        case RecordingFormat.CAPTURE:
            return Capture(file, settings)


def guess_format(file: Path) -> RecordingFormat:
    """By the head of the file. Raises Refused, with the formats that there are."""
    try:
        with file.open(encoding="utf-8-sig") as opened:
            head = head_of(opened)
    except (OSError, UnicodeDecodeError) as exc:
        raise Refused(f"{file} cannot be read: {exc}") from exc
    names = {name.strip().strip('"').lower() for name in head.text.split(head.delimiter)}
    if _is_captured(head.text):
        return RecordingFormat.CAPTURE
    if {"year", "month", "day", "hour"} <= names:
        return RecordingFormat.AIR_CSV
    if any(name.startswith(("leq", "laeq")) for name in names):
        return RecordingFormat.NOISE_CSV
    raise Refused(f"{file} is of no known format; name one of {', '.join(RecordingFormat)}")


def first_event(recording: Recording) -> datetime:
    """Event time of the first message: where a clock for the replay has to begin. Raises Refused for an empty one."""
    for message in recording.messages():
        return from_micros(message.at)
    raise Refused("the recording holds no message")


def replay_clock(recording: Recording, *, speed: float, real: Clock) -> Clock:
    """A clock that begins with the recording and runs `speed` times as fast as the real one."""
    return AnchoredClock(Anchor(real=real.now(), city=first_event(recording), speed=speed), real)


def replay(recording: Recording, *, publisher: Publisher, clock: Clock | None, stop: StopAsked) -> ReplayReport:
    """Publish every message when `clock` comes to its event time; without a clock as fast as the broker takes them.

    The messages are live, with their own event times: an engine whose clock or lateness horizon fits judges them.
    """
    pacer = Pacer(clock, idle=publisher.idle, stop=stop) if clock is not None else None
    first = last = None
    for message in recording.messages():
        if not _sent(message, pacer, publisher.publish):
            break
        first, last = first or message.at, message.at
    publisher.settle(within_s=SETTLE_S)
    skipped = recording.skipped
    if skipped.rows:
        _log.warning("rows skipped", rows=skipped.rows, samples=skipped.samples)
    return ReplayReport(
        published=publisher.published,
        acknowledged=publisher.acknowledged,
        skipped=skipped.rows,
        samples=tuple(skipped.samples),
        first=from_micros(first) if first is not None else None,
        last=from_micros(last) if last is not None else None,
    )


def registry_for(recording: Recording) -> ReplayedCity:
    """Files that config.city loads. A noise meter stands in the zone of the recording's options, class 2 by default."""
    place = recording.options
    city = {
        "zh": "回放",
        "en": "Replay",
        "timezone": place.timezone,
        "lon": place.lon,
        "lat": place.lat,
    }
    entries = [_entry(device, place) for device in recording.devices()]
    return ReplayedCity(city=_dump(city), devices=_dump({"devices": entries}))


def _sent(message: Outgoing, pacer: Pacer | None, publish: Callable[[Outgoing], bool]) -> bool:
    return (pacer is None or pacer.wait_until(message.at)) and publish(message)


def _entry(device: RecordedDevice, place: RecordingOptions) -> dict[str, object]:
    entry: dict[str, object] = {
        "id": device.id,
        "kind": device.kind,
        "zh": device.zh,
        "en": device.en,
        "lon": place.lon,
        "lat": place.lat,
        "interval": f"{device.interval_s:g}s",
    }
    return entry if device.zone is None else {**entry, "zone": str(device.zone)}


def _dump(content: object) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _is_captured(line: str) -> bool:
    try:
        content = json.loads(line)
    except ValueError:
        return False
    return isinstance(content, dict) and "topic" in content
