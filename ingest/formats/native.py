"""The native format, version 1: docs/wire.md is its contract, the simulators are its other side.

The whole message is decoded at once against its types; only when that fails it is taken apart, so that one bad object
or one bad value loses nothing but itself.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct

from domain.errors import Unusable
from domain.instants import to_micros
from domain.messages import Measurement, Message, Reason
from domain.names import why_no_name
from domain.readings import Quality
from ingest.formats.bounds import spelled
from ingest.formats.decoded import Decoded, Dialects, Reject
from ingest.formats.depth import is_deeper
from ingest.formats.looks import is_marked, why_no_json
from ingest.formats.times import LONGEST_SPAN_S

MAX_DEPTH = 32
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUALITIES = {None: Quality.GOOD, "good": Quality.GOOD, "uncertain": Quality.UNCERTAIN, "bad": Quality.BAD}
LARGEST_MS = 2**53
"""Largest integer that JSON implementations agree on; far beyond any date that is accepted."""


class _Envelope(Struct, gc=False):
    t: int | str | None = None
    span: Annotated[float, Meta(ge=0, le=LONGEST_SPAN_S)] | None = None
    q: Literal["good", "uncertain", "bad"] | None = None
    u: dict[str, str] | None = None
    hist: bool | None = None
    id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    seq: Annotated[int, Meta(ge=0, le=LARGEST_MS)] | None = None
    sent: Annotated[int, Meta(ge=0, le=LARGEST_MS)] | None = None
    device: str | None = None


class Report(_Envelope, kw_only=True, gc=False):
    """One object of the wire, well-formed as far as types go."""

    v: dict[str, float | None]


class _RawValues(_Envelope, kw_only=True, gc=False):
    """The same with values that are judged one by one."""

    v: dict[str, Raw]


class _Part(NamedTuple):
    """One object of a message, as far as it could be read, and what could not."""

    content: Report | None
    rejects: tuple[Reject, ...] = ()


class _Countable(Struct, gc=False):
    """Just enough of a bad object to know how many readings it stands for."""

    v: dict[str, Raw]


_whole = msgspec.json.Decoder(Report | list[Report])
_raw = msgspec.json.Decoder(Raw)
_raw_list = msgspec.json.Decoder(list[Raw])
_one = msgspec.json.Decoder(Report)
_raw_values = msgspec.json.Decoder(_RawValues)
_countable = msgspec.json.Decoder(_Countable)
_value = msgspec.json.Decoder(float | None)
_UNDER_V = """; values stand under `v`: {"v": {"laeq": 58.4}}"""
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_reports(payloads: Sequence[bytes]) -> list[Report | str | None]:
    """Each payload that is one readable object; in words why it is no JSON, where it is none; None for any other, which
    `decode_up` has to take apart.
    """
    reports: list[Report | str | None] = []
    well: Sequence[bytes] = payloads
    rest = iter(payloads)
    while len(reports) < len(payloads):
        try:
            reports.extend(map(_one.decode, rest))
        except _UNREADABLE as exc:  # what came before it is in the list already
            payload = payloads[len(reports)]
            may_be_json = type(exc) is not msgspec.DecodeError or not payload or is_marked(payload)
            reports.append(None if may_be_json else why_no_json(payload, exc))
            well = ()
    if not well:
        well = [text for text, report in zip(payloads, reports, strict=True) if isinstance(report, Report)]
    text = b"".join(well)
    if text.count(b"{") + text.count(b"[") <= 2 * len(well):
        return reports  # each has the two levels of its own, so none has more
    return [
        None if isinstance(report, Report) and is_deeper(payload, MAX_DEPTH) else report
        for payload, report in zip(payloads, reports, strict=True)
    ]


def decode_up(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One device speaks for itself. Raises Unusable when nothing can be used."""
    who = speaker(message.topic)
    return [_spoken(part, who) for part in _parts(message.payload)]


def decode_batch(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """A gateway speaks for many: every object names its device. Raises Unusable when nothing can be used."""
    speaker(message.topic)
    if message.payload.lstrip()[:1] == b"{":
        raise Unusable(Reason.WRONG_SHAPE, "a batch is an array of objects; put the object into [ ]")
    return [_spoken(part, None) for part in _parts(message.payload)]


def speaker(topic: str) -> str:
    """Who speaks on the topic. Raises Unusable(UNKNOWN_TOPIC) for what cannot be a name."""
    name = topic.rpartition("/")[2]
    if not _NAME.fullmatch(name):
        raise Unusable(
            Reason.UNKNOWN_TOPIC, f"{name[:80]!r} is no device or gateway name; use 1 to 64 of A-Z a-z 0-9 . _ -"
        )
    return name


def _parts(payload: bytes) -> Sequence[_Part]:
    try:
        whole = _whole.decode(payload)
    except _UNREADABLE as exc:
        if type(exc) is msgspec.DecodeError:  # no JSON: there is nothing to take apart
            raise _unreadable(exc, payload) from exc
        return _take_apart(payload)
    _refuse_depth(payload)
    return [_Part(content) for content in whole] if isinstance(whole, list) else [_Part(whole)]


def _take_apart(payload: bytes) -> Sequence[_Part]:
    is_list = payload.lstrip()[:1] == b"["
    try:
        texts = _raw_list.decode(payload) if is_list else [_raw.decode(payload)]
    except _UNREADABLE as exc:
        raise _unreadable(exc, payload) from exc
    _refuse_depth(payload)
    return [_mend(bytes(text), f"$[{index}]" if is_list else "$") for index, text in enumerate(texts)]


def _mend(text: bytes, where: str) -> _Part:
    if not text.startswith(b"{"):  # told apart before three decoders try: a message may hold 100,000 of them
        detail = f"{where}: an object with `v` is wanted, not {spelled(text[:40])}"
        return _Part(None, (Reject(reason=Reason.WRONG_SHAPE, detail=detail),))
    try:
        return _Part(_one.decode(text))
    except _UNREADABLE:
        pass  # looked at more closely below
    try:
        loose = _raw_values.decode(text)
    except _UNREADABLE as exc:
        problem = _unreadable(exc, text)
        return _Part(None, (Reject(reason=problem.reason, detail=f"{where}: {problem.detail}", readings=_count(text)),))
    return _without_bad_values(loose, where)


def _without_bad_values(loose: _RawValues, where: str) -> _Part:
    well: dict[str, float | None] = {}
    rejects = []
    for metric, raw in loose.v.items():
        try:
            well[metric] = _value.decode(raw)
        except _UNREADABLE as exc:
            detail = f"{where}.v.{metric[:80]}: {spelled(bytes(raw)[:80])}: {exc}"
            rejects.append(Reject(reason=Reason.BAD_NUMBER, detail=detail))
    envelope = {name: getattr(loose, name) for name in _Envelope.__struct_fields__}
    return _Part(Report(v=well, **envelope), tuple(rejects))


def _spoken(part: _Part, who: str | None) -> Decoded:
    """The part as its device says it: the speaker of the topic, or where there is none the one that the part names."""
    content = part.content
    if content is None:
        return Decoded(device=who or "", measurements=(), rejects=part.rejects)
    device = who or ""
    try:
        device = who or _named(content.device)
        if content.device is not None and content.device != device:
            detail = f"topic says {device}, payload says {content.device[:80]!r}"
            raise Unusable(Reason.DEVICE_MISMATCH, detail)
        measurements = _measurements(content, device)
    except Unusable as problem:
        count = max(sum(value is not None for value in content.v.values()), 0 if part.rejects else 1)
        reject = Reject(reason=problem.reason, detail=problem.detail, readings=count)
        return Decoded(device=device, measurements=(), rejects=(*part.rejects, reject))
    return Decoded(
        device=device,
        measurements=measurements,
        rejects=part.rejects,
        identity=content.id,
        sequence=content.seq,
        sent=None if content.sent is None else content.sent * 1000,
    )


def _named(device: str | None) -> str:
    """Raises Unusable(WRONG_SHAPE) for what can be in no registry."""
    reason = "an object of a batch must name its `device`" if device is None else why_no_name(device)
    if device is None or reason is not None:
        raise Unusable(Reason.WRONG_SHAPE, reason or "")
    return device


def _measurements(content: Report, device: str) -> list[Measurement]:
    at = event_time(content.t)
    span, quality, live, units = content.span or 0.0, QUALITIES[content.q], not content.hist, content.u or {}
    return [
        Measurement(
            device=device,
            metric=metric,
            value=value,
            at=at,
            unit=units.get(metric),
            span_s=span,
            quality=quality,
            live=live,
        )
        for metric, value in content.v.items()
        if value is not None
    ]


def event_time(t: int | str | None) -> int | None:
    """Microseconds since the epoch. Raises Unusable(BAD_TIME)."""
    if t is None:
        return None
    if isinstance(t, int):
        if not 0 <= t <= LARGEST_MS:
            raise Unusable(Reason.BAD_TIME, f"t {str(t)[:40]} is out of range; give milliseconds since 1970 UTC")
        return t * 1000
    try:
        return to_micros(msgspec.convert(t, datetime))
    except msgspec.ValidationError as exc:
        raise Unusable(Reason.BAD_TIME, f"t {t[:40]!r} is not RFC 3339; write 2026-11-22T21:15:00+08:00") from exc
    except ValueError as exc:
        raise Unusable(Reason.BAD_TIME, f"t {t[:40]!r} has no zone; add Z or an offset such as +08:00") from exc


def _count(text: bytes) -> int:
    if b'"v"' not in text:
        return 1
    try:
        return max(sum(bytes(raw) != b"null" for raw in _countable.decode(text).v.values()), 1)
    except _UNREADABLE:
        return 1


def _unreadable(exc: Exception, payload: bytes) -> Unusable:
    match exc:
        case RecursionError():
            return Unusable(Reason.WRONG_SHAPE, f"nested deeper than {MAX_DEPTH} levels; flatten the message")
        case msgspec.ValidationError():
            advice = _UNDER_V if "missing required field `v`" in str(exc) else ""
            return Unusable(Reason.WRONG_SHAPE, f"{exc}{advice}")
        case _:
            return Unusable(Reason.NOT_JSON, why_no_json(payload, exc))


def _refuse_depth(payload: bytes) -> None:
    if is_deeper(payload, MAX_DEPTH):
        raise Unusable(Reason.WRONG_SHAPE, f"nested deeper than {MAX_DEPTH} levels; flatten the message")
