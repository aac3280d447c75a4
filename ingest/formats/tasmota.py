"""Tasmota: `tele/TOPIC/SENSOR` and `STATE`. Its times are local and name no zone: the dialect of the device does."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from config.codes import shipped_codes
from domain.codes import Meaning
from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.json_text import parsed
from ingest.formats.names import device_name
from ingest.formats.rivals import unrivalled
from ingest.formats.telling import Moment, Telling
from ingest.formats.times import of_text

TOPICS = ("tele/#", "+/tele/+")
_READ = ("SENSOR", "STATE")
_PREFIXES = ("tele", "stat", "cmnd")
_NUMBERED = re.compile(r"-\d+$")
_DEEPEST = 4
_UNITS = {"temperature": "TempUnit", "dewpoint": "TempUnit", "pressure": "PressureUnit", "sealevel": "PressureUnit"}
"""Last part of a code → the field beside the sensors that names its unit."""
_SHARED = frozenset({"Time", *_UNITS.values(), "SpeedUnit"})


def looks_like(message: Message) -> bool:
    """Tasmota writes its time first."""
    return message.payload.startswith(b'{"Time":"') and message.topic.endswith(_READ)


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """What is no telemetry, such as LWT, is no reading: []. Raises Unusable."""
    levels = message.topic.split("/")
    if levels[-1] not in _READ:
        return []
    device = device_name("/".join(level for level in levels[:-1] if level not in _PREFIXES))
    content = parsed(message.payload)
    if not isinstance(content, dict):
        raise Unusable(Reason.WRONG_SHAPE, "a SENSOR or STATE is a JSON object; leave Tasmota's format as it is")
    dialect = dialects(device)
    said = dict(_flat(content, ""))
    telling = Telling(
        device=device, codes=_meanings(said), dialect=dialect, moment=Moment(at=_time(content.get("Time"), dialect))
    )
    for code, value in unrivalled(said, telling):
        unit = content.get(_UNITS.get(_last(code), ""))
        telling.say(code, value, unit=unit if isinstance(unit, str) else None)
    return [telling.decoded()]


def _flat(content: Mapping[str, Any], before: str) -> Iterator[tuple[str, object]]:
    """`{"DS18B20": {"Temperature": 20}}` as `DS18B20.Temperature`; what is deeper than Tasmota ever sends, as it is."""
    for key, value in content.items():
        code = f"{before}{key}"
        if isinstance(value, dict) and code.count(".") < _DEEPEST:
            yield from _flat(value, f"{code}.")
        elif before or key not in _SHARED:
            yield code, value


def _meanings(said: Mapping[str, object]) -> Mapping[str, Meaning]:
    """Of each code as it stands, else without the numbers of sensors (`DS18B20-1`), else by the key at its end."""
    table = shipped_codes("tasmota")
    found = {}
    for code in said:
        full = code.casefold()
        plain = ".".join(_NUMBERED.sub("", part) for part in full.split("."))
        for name in (full, plain, *_endings(full)):
            if name in table:
                found[full] = table[name]
                break
    return table | found


def _endings(code: str) -> Iterator[str]:
    """`pm2.5` and `5` of `sds0x1.pm2.5`: a key may have a dot of its own."""
    parts = code.split(".")
    return (".".join(parts[start:]) for start in range(1, len(parts)))


def _last(code: str) -> str:
    return code.rpartition(".")[2].casefold()


def _time(text: object, dialect: Dialect) -> int | None:
    """Raises Unusable(BAD_TIME): until the device has reached a time server it says 1970."""
    if text is None:
        return None
    if not isinstance(text, str) or text.startswith("1970"):
        raise Unusable(
            Reason.BAD_TIME, f"Time {str(text)[:60]!r}: the device has no time yet; let it reach its NTP server"
        )
    return of_text(text, dialect.timezone)
