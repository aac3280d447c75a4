"""Chooses the decoder of a message: by the format of its feed, else by topic, else by the looks of the payload."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from domain.devices import PLAIN, Dialect, Registry
from domain.errors import Misconfigured, Problem, Unusable
from domain.messages import Message, Reason
from ingest.formats.bounds import bounded, refuse_crowds, shown
from ingest.formats.decoded import Decode, Decoded
from ingest.formats.looks import MARK, is_marked, packed_or_wide
from ingest.formats.mapping import open_mapping
from ingest.formats.mapping_file import MappingFile, load_mappings
from ingest.formats.mapping_topics import topic_pattern
from ingest.formats.names import folded
from ingest.formats.table import FORMATS, Format, never
from ingest.settings import AUTO, MAPPING, IngestSettings, LimitSettings
from ingest.topics import TopicFilter

REMEMBERED_TOPICS = 100_000
NO_OPENERS: Mapping[str, Callable[[], Decode]] = MappingProxyType({})


def dialects_of(registry: Registry) -> Mapping[str, Dialect]:
    """Name on the wire → dialect, for every device that has one."""
    return {
        folded(name): device.dialect
        for device in registry
        if device.dialect is not PLAIN
        for name in (device.id, *device.aliases)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatChoice:
    """What the choice depends on: settings and registry, without the decoders' own memory."""

    table: Sequence[Format] = FORMATS
    by_feed: Mapping[str, str] = field(default_factory=dict)
    """Feed → name of its format, where it has a fixed one."""
    limits: LimitSettings = field(default_factory=LimitSettings)
    dialects: Mapping[str, Dialect] = field(default_factory=dict)


def choice_of(
    settings: IngestSettings, registry: Registry, openers: Mapping[str, Callable[[], Decode]] = NO_OPENERS
) -> FormatChoice:
    """As the settings say. `openers` make the decoders of the formats that they name, in place of the table: some are
    given what outlives them. Raises Misconfigured for a mapping file that cannot be used, and for a feed whose format
    nobody knows.
    """
    by_feed = {feed.id: feed.format for feed in settings.feeds if feed.format != AUTO}
    return FormatChoice(
        table=[replace(entry, open=openers.get(entry.name, entry.open)) for entry in table_of(settings)],
        by_feed=by_feed,
        limits=settings.limits,
        dialects=dialects_of(registry),
    )


def table_of(settings: IngestSettings) -> Sequence[Format]:
    """All formats; mappings come before all others. Raises Misconfigured as `choice_of` does."""
    table = (*mapping_formats(settings.mappings), *FORMATS)
    known = (AUTO, *(entry.name for entry in table))
    advice = f"is not known; known are {', '.join(known)}; a mapping must stand under ingest.mappings"
    problems = [
        Problem(file=f"ingest.feeds.{feed.id}.format", line=None, message=f"{feed.format!r} {advice}")
        for feed in settings.feeds
        if feed.format not in known
    ]
    if problems:
        raise Misconfigured(problems)
    return table


def mapping_formats(files: Sequence[Path]) -> tuple[Format, ...]:
    """What mapping files add to the table. Raises Misconfigured."""
    return tuple(_format_of(file) for file in load_mappings(tuple(files)))


def _format_of(file: MappingFile) -> Format:
    topics = tuple(topic_pattern(text).filter.text for text in file.topics)
    return Format(name=f"{MAPPING}{file.name}", topics=topics, open=lambda: open_mapping(file))


class Formats:
    """Decodes messages within the limits that hold for every format. One thread: some decoders remember."""

    def __init__(self, choice: FormatChoice) -> None:
        self.limits = choice.limits
        self._dialects = choice.dialects
        opened = {entry.name: _Opened(entry.name, entry.open()) for entry in choice.table}
        self._by_feed = {feed: opened[name] for feed, name in choice.by_feed.items()}
        self._filters = [(TopicFilter(text), opened[entry.name]) for entry in choice.table for text in entry.topics]
        self._shapes = [(entry.looks_like, opened[entry.name]) for entry in choice.table if entry.looks_like != never]
        self._by_topic: dict[str, _Opened | None] = {}

    def decode(self, message: Message) -> Sequence[Decoded]:
        """What the message says; [] for an empty payload. Raises Unusable."""
        if not message.payload:
            return []
        if len(message.payload) > self.limits.payload_bytes:
            detail = f"{len(message.payload)} bytes, at most {self.limits.payload_bytes}; split the message"
            raise Unusable(Reason.TOO_LARGE, detail)
        if is_marked(message.payload):
            message = _unmarked(message)
        chosen = self._chosen(message)
        if chosen is None:
            look = packed_or_wide(message.payload)
            detail = f"no format for topic {message.topic[:200]!r}; {look or 'see docs/formats.md'}"
            raise Unusable(Reason.UNKNOWN_TOPIC, shown(detail))
        refuse_crowds(message.payload, values=self.limits.values)
        try:
            decoded = chosen.decode(message, self._dialect)
        except Unusable as problem:
            raise Unusable(problem.reason, shown(problem.detail)) from problem
        return bounded(decoded, values=self.limits.values)

    def format_of(self, message: Message) -> str | None:
        """The name of the format that the message is read in; None where nobody knows it."""
        chosen = self._chosen(_unmarked(message) if is_marked(message.payload) else message)
        return None if chosen is None else chosen.name

    def by_topic(self, feed: str, topic: str) -> Decode | None:
        """The decoder that feed and topic alone decide on; None where it depends on the payload. Who asks remembers."""
        chosen = self._by_feed.get(feed) or self._matching(topic)
        return None if chosen is None else chosen.decode

    def _dialect(self, device: str) -> Dialect:
        return self._dialects.get(device, PLAIN)

    def _chosen(self, message: Message) -> "_Opened | None":
        chosen = self._by_feed.get(message.feed) or self._of_topic(message.topic)
        if chosen is not None:
            return chosen
        return next((opened for looks_like, opened in self._shapes if looks_like(message)), None)

    def _of_topic(self, topic: str) -> "_Opened | None":
        if topic not in self._by_topic:
            if len(self._by_topic) >= REMEMBERED_TOPICS:
                self._by_topic.clear()
            self._by_topic[topic] = self._matching(topic)
        return self._by_topic[topic]

    def _matching(self, topic: str) -> "_Opened | None":
        return next((opened for wanted, opened in self._filters if wanted.matches(topic)), None)


def _unmarked(message: Message) -> Message:
    return msgspec.structs.replace(message, payload=message.payload[len(MARK) :])


class _Opened(NamedTuple):
    """A format with its decoder."""

    name: str
    decode: Decode
