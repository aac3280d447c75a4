"""A capture of MQTT traffic: one JSON object a line, {topic, payload | payload_b64, qos, retain, received_at}."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from config.catalogue import load_catalogue
from domain.devices import DeviceKind
from domain.errors import Refused
from domain.instants import to_micros
from simulators.messages import BATCH, UP, Outgoing
from simulators.recordings.localtime import parse_stamp
from simulators.recordings.recording import RecordedDevice, RecordingOptions, Skipped


def captured_line(*, topic: str, payload: bytes, qos: int, retain: bool, received_at: str) -> str:
    """One message as a line of the file; bytes that are not UTF-8 go as base64."""
    try:
        body = {"payload": payload.decode()}
    except UnicodeDecodeError:
        body = {"payload_b64": b64encode(payload).decode()}
    fields = {"topic": topic, **body, "qos": qos, "retain": retain, "received_at": received_at}
    return json.dumps(fields, ensure_ascii=False) + "\n"


@dataclass(slots=True)
class Capture:
    """Raises Refused when the file cannot be read."""

    path: Path
    options: RecordingOptions
    skipped: Skipped = field(default_factory=Skipped)

    def messages(self) -> Iterator[Outgoing]:
        """Byte for byte as they were, due at the time at which they were received."""
        self.skipped = Skipped()
        try:
            with self.path.open(encoding="utf-8") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield from self._message(number, line)
        except (OSError, UnicodeDecodeError) as exc:
            raise Refused(f"{self.path} cannot be read: {exc}; give a capture, one JSON object a line") from exc

    def devices(self) -> tuple[RecordedDevice, ...]:
        """Every device that speaks in the native format; its kind by its metrics, its interval by its usual step."""
        heard: dict[str, _Heard] = {}
        for message in self.messages():
            for device, at, metrics in _spoken(message):
                entry = heard.setdefault(device, _Heard())
                entry.metrics |= metrics
                entry.times.append(at)
        _, kinds = load_catalogue()
        return tuple(_described(device, entry, kinds, self.options) for device, entry in sorted(heard.items()))

    def _message(self, number: int, line: str) -> Iterator[Outgoing]:
        try:
            fields = json.loads(line)
            text, coded = fields.get("payload"), fields.get("payload_b64")
            payload = text.encode() if text is not None else b64decode(coded, validate=True)
            received = to_micros(datetime.fromisoformat(fields["received_at"]))
            message = Outgoing(
                at=received,
                topic=fields["topic"],
                payload=payload,
                is_object=False,
                qos=int(fields.get("qos", 1)),
                retain=bool(fields.get("retain", False)),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            self.skipped.note(number, f"{type(exc).__name__}: {exc}")
        else:
            yield message


@dataclass(slots=True)
class _Heard:
    metrics: set[str] = field(default_factory=set)
    times: list[int] = field(default_factory=list)


def _spoken(message: Outgoing) -> Iterator[tuple[str, int, set[str]]]:
    """Device, event time (µs) and metrics of every object that can be read; the rest is for the quarantine to judge."""
    prefix, _, speaker = message.topic.rpartition("/")
    if prefix not in (UP, BATCH):
        return
    try:
        content = json.loads(message.payload)
    except ValueError:
        return
    for entry in content if isinstance(content, list) else [content]:
        values = entry.get("v") if isinstance(entry, dict) else None
        device = entry.get("device", speaker if prefix == UP else None) if isinstance(entry, dict) else None
        if isinstance(values, dict) and isinstance(device, str):
            yield device, _event_time(entry, message.at), set(values)


def _event_time(entry: dict[str, Any], received: int) -> int:
    match entry.get("t"):
        case int() as ms:
            return ms * 1000
        case str() as text:
            try:
                return to_micros(parse_stamp(text))
            except ValueError:
                return received
        case _:
            return received


def _described(device: str, heard: _Heard, kinds: dict[str, DeviceKind], options: RecordingOptions) -> RecordedDevice:
    best = max(kinds.values(), key=lambda kind: (len(heard.metrics & set(kind.metrics)), -len(kind.metrics)))
    times = sorted(set(heard.times))
    steps = [(later - earlier) / 1e6 for earlier, later in pairwise(times)]
    return RecordedDevice(
        id=device,
        kind=best.code,
        zh=f"回放{best.zh} {device}",
        en=f"Replayed {best.en.lower()} {device}",
        interval_s=round(median(steps), 3) if len(steps) > 1 else best.interval_s,
        zone=options.zone if best.code == "noise_meter" else None,
    )
