"""What every LoRaWAN network server says of one uplink, and how that becomes readings."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from config.codes import shipped_codes
from domain.devices import Dialect
from domain.errors import Unusable
from ingest.codecs.table import chosen
from ingest.codecs.values import Codec
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import canonical, epoch, items, mapping
from ingest.formats.properties import Property, flattened, tell
from ingest.formats.telling import Moment, Telling

_CHANNEL = re.compile(r"(.+?)[_.]\d{1,3}(\..+)?", re.DOTALL)
NORMALIZED = "normalized_payload"
_WRAPPER = frozenset({"data", "warnings", "errors"})
"""What a decoder in the style of The Things Network returns, when another server runs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """One message of one device, as its network server hands it on."""

    device: str
    moment: Moment
    payload: bytes | None = None
    port: int | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    """What the network server has decoded; empty where it has no decoder."""
    normalized: tuple[tuple[Moment, Mapping[str, Any]], ...] = ()
    """The same in the units of The Things Stack's schema."""
    radio: Mapping[str, object] = field(default_factory=dict)
    """`rssi` in dBm and `snr` in dB at the best gateway."""
    identity: str | None = None
    counter: int | None = None
    """Frame counter. It begins at 0 again when the device joins again."""


def told(uplink: Uplink, dialects: Dialects, codecs: Mapping[str, Codec]) -> Decoded:
    """The readings. A codec that the dialect names overrules what the network server has decoded."""
    telling = Telling(
        device=uplink.device,
        codes=shipped_codes("lorawan"),
        dialect=dialects(uplink.device),
        moment=uplink.moment,
        identity=uplink.identity,
        sequence=uplink.counter,
    )
    properties = [_known(f"radio.{name}", value) for name, value in uplink.radio.items() if value is not None]
    if not uplink.payload and not uplink.content and not uplink.normalized:
        telling.skip("payload", "an empty uplink")
    else:
        for one in _properties(uplink, telling.dialect, codecs):
            if isinstance(one, Unusable):
                telling.reject(one.reason, one.detail)
            else:
                properties.append(one)
    tell(telling, properties)
    return telling.decoded()


def identity_of(
    *, session: object, counter: int | None, payload: bytes | Mapping[str, Any], time: object
) -> str | None:
    """What makes an uplink known again. `session` changes with every join (device address, key id); where it is not
    known, or the counter is at its start, the network's time must tell two uplinks apart. None where nothing can.
    """
    content = payload if isinstance(payload, bytes) else canonical(payload)
    digest = hashlib.blake2b(content, digest_size=8).hexdigest()
    if session and counter:
        return f"{session}/{counter}/{digest}"
    return f"{session or ''}/{counter or 0}/{digest}/{time}" if time else None


def best_signal(gateways: object) -> Mapping[str, object]:
    """rssi and snr at the gateway that heard best, of an array that has one entry for each. Version 3 of ChirpStack
    spells the second loRaSNR.
    """
    heard = [mapping(one) for one in items(gateways) if isinstance(mapping(one).get("rssi"), int | float)]
    if not heard:
        return {}
    best = max(heard, key=lambda one: one["rssi"])
    return {"rssi": best["rssi"], "snr": best.get("snr", best.get("loRaSNR"))}


def _properties(uplink: Uplink, dialect: Dialect, codecs: Mapping[str, Codec]) -> Iterator[Property | Unusable]:
    decoded_elsewhere = bool(uplink.content or uplink.normalized)
    if uplink.payload and (dialect.codec is not None or not decoded_elsewhere):
        yield from _decoded_here(uplink, uplink.payload, dialect, codecs)
        return
    for moment, measured in uplink.normalized:
        for code, value in flattened(measured, below=NORMALIZED):
            yield _known(code, value, moment=None if moment == uplink.moment else moment, is_preferred=True)
    yield from _decoded_elsewhere(uplink)


def _decoded_here(
    uplink: Uplink, payload: bytes, dialect: Dialect, codecs: Mapping[str, Codec]
) -> Iterator[Property | Unusable]:
    try:
        for read in chosen(dialect.codec, codecs)(payload, uplink.port):
            moment = None if read.at is None else replace(uplink.moment, at=read.at, live=read.live)
            yield _known(read.code, read.value, unit=read.unit, moment=moment)
    except Unusable as problem:  # what came before it stands
        yield problem


def _decoded_elsewhere(uplink: Uplink) -> Iterator[Property | Unusable]:
    content = uplink.content
    if isinstance(content.get("data"), dict) and content.keys() <= _WRAPPER:
        content = content["data"]
    records = items(content.get("history"))
    for code, value in flattened({name: value for name, value in content.items() if name != "history" or not records}):
        yield _known(code, value)
    for record in records:
        try:
            moment = replace(uplink.moment, at=epoch(mapping(record).get("timestamp")), live=False)
        except Unusable as problem:
            yield Unusable(problem.reason, f"a record of history: {problem.detail}")
            continue
        for code, value in flattened(mapping(record)):
            yield _known(code, value, moment=moment)


def _known(code: str, value: object, **more: Any) -> Property:
    codes = shipped_codes("lorawan")
    known_as = code
    if code.casefold() not in codes and (channel := _CHANNEL.fullmatch(code)):
        known_as = channel[1] + (channel[2] or "")
    return Property(code=code, known_as=known_as if known_as.casefold() in codes else code, value=value, **more)
