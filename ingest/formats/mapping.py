"""Decodes after a mapping file: a vendor's JSON becomes readings without a line of code."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.formats.decoded import Decode, Decoded, Dialects, Reject
from ingest.formats.json_text import parsed
from ingest.formats.mapping_file import MappingFile
from ingest.formats.mapping_paths import ABSENT, JsonPath
from ingest.formats.mapping_plan import Plan, plan_of, spelled
from ingest.formats.mapping_rest import Branch
from ingest.formats.mapping_times import event_time, seconds_of
from ingest.formats.names import device_name
from ingest.formats.rivals import unrivalled
from ingest.formats.telling import Moment, Telling

LARGEST_SEQUENCE = 2**53
"""Beyond it JSON implementations do not agree on numbers."""
_SHOWN = 5
_QUALITIES = {"good": Quality.GOOD, "uncertain": Quality.UNCERTAIN, "bad": Quality.BAD}


def open_mapping(file: MappingFile) -> Decode:
    """A decoder after the file."""
    plan = plan_of(file)

    def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
        return decoded_after(plan, message, dialects)

    return decode


def decoded_after(plan: Plan, message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One Decoded per item. Raises Unusable when nothing can be used: another topic, no JSON, no items."""
    parts = next((found for topic in plan.topics if (found := topic.parts(message.topic)) is not None), None)
    if parts is None:
        wanted = ", ".join(plan.file.topics)
        raise Unusable(Reason.UNKNOWN_TOPIC, f"mapping {plan.file.name} is for {wanted}; add the topic there")
    content = parsed(message.payload)
    if plan.items is None:
        return [_Item(plan, content, content, parts).decoded(dialects)]
    items = _items(plan.items, content)
    decoded = [_Item(plan, content, item, parts).decoded(dialects) for item in items]
    beside = _beside(plan, plan.of_message, content)
    return [*decoded, Decoded(device="", measurements=(), rejects=(beside,))] if beside else decoded


class _Item:
    """One item of a message; the message itself where it has no items."""

    def __init__(self, plan: Plan, content: Any, item: Any, parts: Mapping[str, str]) -> None:
        self._plan = plan
        self._content = content
        self._item = item
        self._parts = parts

    def decoded(self, dialects: Dialects) -> Decoded:
        """Never raises: what is wrong with one item must not lose the others."""
        said = {path.code: value for path in self._plan.values if (value := self._at(path)) is not ABSENT}
        try:
            device = self._device()
        except Unusable as problem:
            return _refused("", problem, said)
        try:
            telling = self._telling(device, dialects(device))
        except Unusable as problem:
            return _refused(device, problem, said)
        for code, value in unrivalled(said, telling):
            telling.say(code, value)
        self._judge_rest(said, telling)
        return telling.decoded()

    def _telling(self, device: str, dialect: Dialect) -> Telling:
        plan, file = self._plan, self._plan.file
        span_s = self._span_s()
        time = self._at(plan.time)
        is_dated = file.time is not None and time is not ABSENT and time is not None
        at = event_time(time, file.time, dialect, span_s=span_s) if file.time and is_dated else None
        sequence = self._at(plan.sequence)
        return Telling(
            device=device,
            codes=plan.codes,
            dialect=dialect,
            moment=Moment(at=at, span_s=span_s, quality=self._quality()),
            identity=_word(self._at(plan.identity)),
            sequence=sequence
            if isinstance(sequence, int) and not isinstance(sequence, bool) and 0 <= sequence <= LARGEST_SEQUENCE
            else None,
        )

    def _device(self) -> str:
        if isinstance(self._plan.device, str):
            return device_name(self._parts[self._plan.device])
        name = self._at(self._plan.device)
        if name is ABSENT:
            detail = f"no device name at {self._plan.device.text}; mend `device` of mapping {self._plan.file.name}"
            raise Unusable(Reason.WRONG_SHAPE, detail)
        return device_name(name)

    def _span_s(self) -> float:
        span = self._plan.file.span
        if span is None:
            return 0.0
        if span.fixed is not None:
            return span.fixed
        value = self._at(self._plan.span)
        return 0.0 if value is ABSENT or value is None else seconds_of(value, span.unit)

    def _quality(self) -> Quality:
        entry = self._plan.file.quality
        if entry is None:
            return Quality.GOOD
        word = self._at(self._plan.quality)
        if word is ABSENT or word is None:
            return _QUALITIES[entry.absent]
        return self._plan.grades.get(spelled(word), Quality.BAD)

    def _judge_rest(self, said: Mapping[str, Any], telling: Telling) -> None:
        beside = _beside(self._plan, self._plan.of_item, self._item)
        if beside is not None:
            telling.reject(beside.reason, beside.detail, readings=beside.readings)
        elif not said:
            detail = f"no line of mapping {self._plan.file.name} finds anything; mend its paths or narrow its topics"
            telling.reject(Reason.WRONG_SHAPE, detail)

    def _at(self, path: JsonPath | None) -> Any:
        return ABSENT if path is None else path.find(self._content, self._item)


def _items(path: JsonPath, content: Any) -> list[Any]:
    """Raises Unusable where there is no list to look into; an empty one is fine."""
    items = list(path.every(content))
    if not items and not isinstance(path.before_every(content), dict | list):
        raise Unusable(Reason.WRONG_SHAPE, f"no list at {path.text}; mend `items` of the mapping")
    return items


def _beside(plan: Plan, named: Branch, found: Any) -> Reject | None:
    """What no line names, as one reject; None where there is nothing, or where it is to be ignored."""
    if plan.file.extra == "ignore":
        return None
    rest = list(named.unnamed(found))
    if not rest:
        return None
    shown = ", ".join(f"{where or '$'}"[:60] for where, _ in rest[:_SHOWN]) + ("…" if len(rest) > _SHOWN else "")
    detail = f"{shown}: no line of mapping {plan.file.name} names it; add a line, or put it under `ignore`"
    return Reject(reason=Reason.UNKNOWN_METRIC, detail=detail, readings=sum(count for _, count in rest))


def _refused(device: str, problem: Unusable, said: Mapping[str, Any]) -> Decoded:
    count = max(1, sum(value is not None for value in said.values()))
    reject = Reject(reason=problem.reason, detail=problem.detail, readings=count)
    return Decoded(device=device, measurements=(), rejects=(reject,))


def _word(value: Any) -> str | None:
    is_word = isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    return str(value)[:200] if is_word else None
