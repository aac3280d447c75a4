"""SenML packs in JSON and CBOR, alone or in arrays: which device and which metric a record speaks of."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from config.codes import shipped_codes
from domain.codes import Meaning
from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.formats.decoded import Decoded, Dialects, Reject
from ingest.formats.json_text import parsed
from ingest.formats.names import device_name
from ingest.formats.plain_names import plain_names
from ingest.formats.senml_cbor import unpacked
from ingest.formats.senml_records import Record, resolve
from ingest.formats.telling import Moment, Telling
from ingest.formats.times import of_epoch
from ingest.formats.unit_codes import weighted

_UNITS = {"Cel": "°C", "%RH": "%", "%EL": "%", "/": "1", "/100": "%", "deg": "°", "C": "coulomb", "F": "farad"}
"""Where RFC 8428 spells a unit in another way than the catalogue; its C and F are no temperatures."""

_LWM2M = "urn:oma:lwm2m:"
_ID_RECORD = "0"
"""Under a base name of LwM2M the record of this name holds the id of the device, a convention of diwise."""

_PATH = re.compile(r"(.+?)/?\b(\d{1,5})/\d{1,5}/(\d{1,5})")
_LOOKED_AT = 512
_JSON_MARKS = (b'"bn"', b'"bt"', b'"bu"')
_VALUE_MARKS = (b'"v"', b'"vs"', b'"vb"', b'"vd"')
_CBOR_LABELS = frozenset({*range(0x20, 0x26), *range(9)})


def looks_like(message: Message) -> bool:
    """An array of maps that begin with a label of SenML, by a few bytes at the beginning."""
    head = message.payload[:_LOOKED_AT]
    first = head.lstrip()[:1]
    if first == b"[":
        return any(mark in head for mark in _JSON_MARKS) or (
            b'"n"' in head and any(mark in head for mark in _VALUE_MARKS)
        )
    return len(head) > 3 and 0x81 <= head[0] <= 0x9F and 0xA1 <= head[1] <= 0xBF and head[2] in _CBOR_LABELS


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One Decoded per device and pack. Raises Unusable when the message as a whole cannot be read."""
    content = parsed(message.payload) if message.payload.lstrip()[:1] in (b"[", b"{") else unpacked(message.payload)
    if not isinstance(content, list):
        raise Unusable(Reason.WRONG_SHAPE, "a pack is an array of records; put the record into [ ]")
    if not any(isinstance(one, list) for one in content):
        return _pack(content, message, dialects)
    return [said for one in content for said in _one_of_many(one, message, dialects)]


def _one_of_many(pack: object, message: Message, dialects: Dialects) -> Sequence[Decoded]:
    try:
        if not isinstance(pack, list):
            raise Unusable(Reason.WRONG_SHAPE, f"{str(pack)[:60]!r} is no pack among packs")
        return _pack(pack, message, dialects)
    except Unusable as problem:
        readings = len(pack) if isinstance(pack, list) else 1
        return [_refused([Reject(reason=problem.reason, detail=problem.detail, readings=max(readings, 1))])]


def _pack(pack: Sequence[object], message: Message, dialects: Dialects) -> Sequence[Decoded]:
    resolved = resolve(pack, now_s=message.received / MICROS_PER_S)
    speech = _Speech(message=message, dialects=dialects, ids=_ids(resolved.records))
    for record in resolved.records:
        try:
            speech.take(record)
        except Unusable as problem:
            detail = f"{record.name[:80]}: {problem.detail}"
            resolved.rejects.append(Reject(reason=problem.reason, detail=detail))
    said = [
        replace(telling.decoded(), counts_from_receipt=device in speech.from_receipt)
        for device, telling in speech.tellings.items()
    ]
    return [*said, _refused(resolved.rejects)] if resolved.rejects else said


def _refused(rejects: Sequence[Reject]) -> Decoded:
    return Decoded(device="", measurements=(), rejects=tuple(rejects))


def _ids(records: Sequence[Record]) -> Mapping[str, str]:
    """LwM2M base name → the device's id."""
    return {
        record.base: record.value
        for record in records
        if record.base.startswith(_LWM2M) and record.own_name == _ID_RECORD and isinstance(record.value, str)
    }


@dataclass(slots=True, kw_only=True)
class _Speech:
    """What the records of one pack say, device by device."""

    message: Message
    dialects: Dialects
    ids: Mapping[str, str]
    tellings: dict[str, Telling] = field(default_factory=dict)
    from_receipt: set[str] = field(default_factory=set)
    """Devices with a time that the wire counts from now."""

    def take(self, record: Record) -> None:
        """Raises Unusable."""
        name, code = self._subject(record)
        device = device_name(name)
        telling = self.tellings.get(device)
        if telling is None:
            telling = Telling(device=device, codes=_codes(), dialect=self.dialects(device), moment=Moment(at=None))
            self.tellings[device] = telling
        if record.is_relative:
            self.from_receipt.add(device)
        if record.base in self.ids and record.own_name == _ID_RECORD:
            telling.skip(code, "the id of the device")
        else:
            self._say(telling, code, record)

    def _say(self, telling: Telling, code: str, record: Record) -> None:
        meaning = _codes().get(code.casefold())
        if record.kind == "s":
            telling.skip(code, "a sum over time; only values are read")
        elif record.kind == "vd":
            _check_bytes(record.value)
            telling.skip(code, "bytes; no number")
        elif record.kind == "vs" and not self._is_known(telling.device, code):
            telling.skip(code, "a text without a meaning here")
        else:
            unit = None if record.unit is None else _UNITS.get(record.unit, record.unit)
            telling.say(code, record.value, unit=weighted(unit, meaning), moment=self._moment(record))

    def _subject(self, record: Record) -> tuple[str, str]:
        """Name of the device and code of the quantity. Raises Unusable."""
        if record.base.startswith(_LWM2M):
            if record.base not in self.ids:
                raise Unusable(Reason.WRONG_SHAPE, 'no device: a record {"n": "0", "vs": id} names it')
            thing = record.base.rstrip(":/").rpartition(":")[2]
            return self.ids[record.base], f"{thing}/{record.own_name}" if record.own_name else f"[{record.unit}]"
        if path := _PATH.fullmatch(record.name):
            return path[1].rstrip(":/"), f"{path[2]}/{path[3]}"
        return self._named(record)

    def _named(self, record: Record) -> tuple[str, str]:
        base, own = record.base.rstrip(":/"), record.own_name.lstrip(":/")
        cut = max(record.name.rfind("/"), record.name.rfind(":"))
        candidates = [(base, own), (record.name[: max(cut, 0)].rstrip(":/"), record.name[cut + 1 :])]
        for device, code in candidates:
            if device and code and self._is_known(device, code):
                return device, code
        return (base, own) if base and own else (record.name.rstrip(":/"), f"[{record.unit}]")

    def _is_known(self, device: str, code: str) -> bool:
        return code.casefold() in _codes() or code in self.dialects(device).metrics

    def _moment(self, record: Record) -> Moment:
        """Raises Unusable(BAD_TIME)."""
        if not record.is_relative:
            return Moment(at=of_epoch(record.time))
        is_now = record.time == self.message.received / MICROS_PER_S
        if is_now or self.message.retain:  # when a retained message was sent, nobody knows
            return Moment(at=None)
        if record.time < 0:
            raise Unusable(
                Reason.BAD_TIME, f"t reaches back to {record.time:g} s, before 1970; mend the device's clock"
            )
        return Moment(at=round(record.time * MICROS_PER_S), quality=Quality.UNCERTAIN)


@cache
def _codes() -> Mapping[str, Meaning]:
    return {**plain_names(), **shipped_codes("senml")}


def _check_bytes(value: Any) -> None:
    if isinstance(value, bytes):
        return
    try:
        base64.b64decode(str(value) + "=" * (-len(str(value)) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise Unusable(Reason.WRONG_SHAPE, f"vd {str(value)[:40]!r} is not base64url") from exc
