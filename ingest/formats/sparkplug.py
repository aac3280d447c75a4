"""Sparkplug B: edge nodes announce their metrics in births and then speak in aliases.

A device is called `group/edge/device` here, an edge node itself `group/edge`: shorter names are not unique.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from config.codes import shipped_codes
from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.formats.decoded import Decode, Decoded, Dialects, Skipped
from ingest.formats.names import device_name, folded
from ingest.formats.sparkplug_births import SEQ_RANGE, Birth, EdgeNodes
from ingest.formats.sparkplug_payload import parsed_payload
from ingest.formats.sparkplug_values import properties_of, quality_of, value_of, why_no_value
from ingest.formats.telling import Moment, Telling
from ingest.formats.times import of_epoch

NAMESPACE = "spBv1.0"
TOPICS = (f"{NAMESPACE}/#",)
_TOPIC = re.compile(rf"(?:.*/)?{NAMESPACE}/(?P<group>[^/]+)/(?P<kind>[A-Z]+)/(?P<edge>[^/]+)(?:/(?P<device>[^/]+))?")
_STATE = re.compile(rf"(?:.*/)?{NAMESPACE}/STATE/[^/]+")
_BIRTHS, _DEATHS, _VALUES = ("NBIRTH", "DBIRTH"), ("NDEATH", "DDEATH"), ("NDATA", "DDATA")
_COMMANDS = ("NCMD", "DCMD")
_BD_SEQ = "bdSeq"
_MOST_MS = 10**14


class Nursery(Protocol):
    """Who may have edge nodes born again. Nodes go by the topic of their NCMD."""

    def want(self, topic: str, *, received: int) -> None:
        """A message that came at `received` (microseconds) shows that we lack a birth, or messages before it."""

    def born(self, topic: str) -> None:
        """A node has told everything."""


def open_sparkplug(nursery: Nursery | None = None) -> Decode:
    """A decoder with its own memory of births. Without a nursery nobody is asked for one."""
    return _Sparkplug(nursery).decode


def looks_like(message: Message) -> bool:
    """The namespace further down in the topic, as behind a bridge."""
    return f"/{NAMESPACE}/" in message.topic


@dataclass(frozen=True, slots=True, kw_only=True)
class _Speaker:
    """Who speaks, after the topic. `device` is "" for the edge node itself."""

    kind: str
    node: str
    device: str
    command_topic: str
    """Where the edge node listens."""

    @property
    def name(self) -> str:
        return f"{self.node}/{self.device}" if self.device else self.node


class _Sparkplug:
    def __init__(self, nursery: Nursery | None) -> None:
        self._nodes = EdgeNodes()
        self._nursery = nursery

    def decode(self, message: Message, dialects: Dialects) -> Sequence[Decoded]:
        """Commands and the states of hosts are no readings: []. Raises Unusable."""
        if _STATE.fullmatch(message.topic):
            return []
        speaker = _speaker(message.topic)
        if speaker.kind in _COMMANDS:
            return []
        if message.retain:
            detail = f"a retained {speaker.kind}: its session may be long over; publish it without retain, and clear it"
            raise Unusable(Reason.WRONG_SHAPE, detail)
        content = parsed_payload(message.payload)
        is_past = self._nodes.node(speaker.node).is_past(speaker.device, message.received)
        if speaker.kind in _DEATHS:
            return self._death(speaker, content, is_past=is_past)
        if speaker.kind in _BIRTHS and not is_past:
            self._birth(speaker, content, message.received)
        nursery = None if is_past or not self._lacks(speaker, content) else self._nursery
        telling = self._told(speaker, content, message.received, dialects)
        decoded = [telling.decoded()] if is_past else self._counted(speaker, content, telling)
        if nursery is not None:
            nursery.want(speaker.command_topic, received=message.received)
        return decoded

    def _lacks(self, speaker: _Speaker, content: Any) -> bool:
        """Whether a birth would tell what we do not know: it was never seen, or it, or others since, went lost."""
        node = self._nodes.node(speaker.node)
        if speaker.kind == "NBIRTH":
            return False
        if "" not in node.births or node.misses(content.seq if content.HasField("seq") else None):
            return True
        birth = node.births.get(speaker.device)
        return birth is None or any(not birth.knows(metric.name, metric.alias) for metric in content.metrics)

    def _birth(self, speaker: _Speaker, content: Any, received: int) -> None:
        birth = Birth(received)
        for metric in content.metrics:
            if isinstance(metric.name, str) and metric.name:
                birth.announce(metric.name, metric.datatype, metric.alias if metric.HasField("alias") else None)
        self._nodes.born(speaker.node, speaker.device, birth)
        if not speaker.device:
            node = self._nodes.node(speaker.node)
            node.bd_seq, node.sequence = _bd_seq(content), 0
            if self._nursery is not None:
                self._nursery.born(speaker.command_topic)

    def _death(self, speaker: _Speaker, content: Any, *, is_past: bool) -> Sequence[Decoded]:
        node = self._nodes.node(speaker.node)
        bd_seq = _bd_seq(content)
        is_another = not speaker.device and None not in (bd_seq, node.bd_seq) and bd_seq != node.bd_seq
        if is_past or is_another:
            why = f"of session {bd_seq}, while {node.bd_seq} is in force: nothing ends"
            return [Decoded(device=speaker.name, measurements=(), skipped=(Skipped(field=speaker.kind, why=why),))]
        ended = self._nodes.died(speaker.node, speaker.device)
        counts = {speaker.device: 0} | {device: len(birth.by_name) for device, birth in ended.items()}
        return [
            Decoded(
                device=f"{speaker.node}/{device}" if device else speaker.node,
                measurements=(),
                skipped=(Skipped(field=speaker.kind, why=f"all {count} metrics are stale until the next birth"),),
            )
            for device, count in counts.items()
        ]

    def _told(self, speaker: _Speaker, content: Any, received: int, dialects: Dialects) -> Telling:
        timestamp = content.timestamp if content.HasField("timestamp") else None
        bd_seq = self._nodes.node(speaker.node).bd_seq
        telling = Telling(
            device=speaker.name,
            codes=shipped_codes("sparkplug"),
            dialect=dialects(speaker.name),
            moment=Moment(at=None),
            identity=None if timestamp is None else f"{bd_seq}/{timestamp}/{content.seq}",
            sent=None if timestamp is None or timestamp >= _MOST_MS else timestamp * 1000,
        )
        for metric in content.metrics:
            try:
                name, datatype = self._named(metric, speaker, received)
                _say(telling, metric, name, datatype, timestamp)
            except Unusable as problem:
                telling.reject(problem.reason, problem.detail)
        return telling

    def _named(self, metric: Any, speaker: _Speaker, received: int) -> tuple[str, int]:
        """Name and data type. Raises Unusable when nobody has said what the alias means."""
        node = self._nodes.node(speaker.node)
        if metric.HasField("name") and metric.name:
            if not isinstance(metric.name, str):
                raise Unusable(Reason.WRONG_SHAPE, f"the name {metric.name[:60]!r} is not UTF-8")
            return metric.name, metric.datatype or node.datatype(speaker.device, metric.name)
        if not metric.HasField("alias"):
            raise Unusable(Reason.WRONG_SHAPE, "a metric without name and alias; give it one of them")
        announced = node.resolved(speaker.device, metric.alias, received=received)
        return announced.name, metric.datatype or announced.datatype

    def _counted(self, speaker: _Speaker, content: Any, telling: Telling) -> Sequence[Decoded]:
        """With the running number, which belongs to the edge node and counts the messages of all its devices."""
        if not content.HasField("seq") or content.seq >= SEQ_RANGE:  # none that counts
            return [telling.decoded()]
        node = self._nodes.node(speaker.node)
        number, lost = (0, 0) if speaker.kind == "NBIRTH" else node.counted(content.seq)
        if lost:
            telling.skip("seq", f"{lost} messages before this one never came; ask the edge node for a rebirth")
        if not speaker.device:
            telling.sequence = number
            return [telling.decoded()]
        return [telling.decoded(), Decoded(device=speaker.node, measurements=(), sequence=number)]


def _say(telling: Telling, metric: Any, name: str, datatype: int, timestamp: int | None) -> None:
    """Raises Unusable."""
    why = why_no_value(metric, datatype)
    if why is not None:
        telling.skip(name, why)
        return
    properties = properties_of(metric)
    unit = properties.get("engUnit")
    moment = Moment(
        at=_time(metric.timestamp if metric.HasField("timestamp") else timestamp),
        quality=quality_of(properties.get("Quality")),
        live=not metric.is_historical,
    )
    telling.say(name, value_of(metric, datatype), unit=unit if isinstance(unit, str) and unit else None, moment=moment)


def _speaker(topic: str) -> _Speaker:
    parts = _TOPIC.fullmatch(topic)
    wanted = "" if parts is None else "N" if parts["device"] is None else "D"
    if parts is None or parts["kind"] not in (*_BIRTHS, *_DEATHS, *_VALUES, *_COMMANDS) or parts["kind"][0] != wanted:
        detail = f"{topic[:200]!r} is no Sparkplug topic; write {NAMESPACE}/group/NDATA/edge or …/DDATA/edge/device"
        raise Unusable(Reason.UNKNOWN_TOPIC, detail)
    node = f"{device_name(parts['group'])}/{device_name(parts['edge'])}"
    device = folded(device_name(parts["device"])) if parts["device"] else ""
    command_topic = f"{topic[: parts.start('kind')]}NCMD/{parts['edge']}"
    return _Speaker(kind=parts["kind"], node=node, device=device, command_topic=command_topic)


def _bd_seq(content: Any) -> int | None:
    found = (metric.long_value or metric.int_value for metric in content.metrics if metric.name == _BD_SEQ)
    return next(found, None)


def _time(milliseconds: int | None) -> int | None:
    """Raises Unusable(BAD_TIME) for a clock that was never set."""
    if milliseconds is None:
        return None
    if milliseconds >= _MOST_MS:
        raise Unusable(Reason.BAD_TIME, f"timestamp {milliseconds} is not in milliseconds since 1970")
    return of_epoch(milliseconds)
