"""A mapping file made ready: paths compiled, words folded, everything that one message needs at hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.codes import Meaning
from domain.readings import Quality
from ingest.formats.mapping_file import MappingFile, ValueEntry
from ingest.formats.mapping_paths import JsonPath, items_path_of, path_of
from ingest.formats.mapping_rest import Branch, branches
from ingest.formats.mapping_topics import TopicPattern, topic_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`of_message` and `of_item` know what the file names, each from its own beginning."""

    file: MappingFile
    topics: tuple[TopicPattern, ...]
    items: JsonPath | None
    device: JsonPath | str
    """A path, or the name of a part of the topic."""
    time: JsonPath | None
    span: JsonPath | None
    identity: JsonPath | None
    sequence: JsonPath | None
    quality: JsonPath | None
    grades: Mapping[str, Quality]
    """Word → quality; every other word is bad."""
    values: tuple[JsonPath, ...]
    codes: Mapping[str, Meaning]
    of_message: Branch
    of_item: Branch


def plan_of(file: MappingFile) -> Plan:
    quality = file.quality
    single = {
        "time": _path(None if file.time is None else file.time.path),
        "span": _path(None if file.span is None else file.span.path),
        "identity": _path(file.identity),
        "sequence": _path(file.sequence),
        "quality": _path(None if quality is None else quality.path),
    }
    items = None if file.items is None else items_path_of(file.items)
    device = file.device.strip("{}") if file.device.startswith("{") else path_of(file.device)
    values = tuple(path_of(value.path) for value in file.values)
    named = (*single.values(), items, device, *map(path_of, file.ignore))
    used = [*values, *(path for path in named if isinstance(path, JsonPath))]
    return Plan(
        file=file,
        topics=tuple(topic_pattern(text) for text in file.topics),
        items=items,
        device=device,
        **single,
        grades={} if quality is None else _grades(quality.good, quality.uncertain),
        values=values,
        codes={path.code.casefold(): _meaning(value) for path, value in zip(values, file.values, strict=True)},
        of_message=branches(path.steps for path in used if not path.is_of_item),
        of_item=branches(path.steps for path in used if path.is_of_item or items is None),
    )


def spelled(word: Any) -> str:
    """One spelling for what YAML and JSON may both write: `True` and `true`, `1` and `1.0`."""
    is_number = isinstance(word, int | float) and not isinstance(word, bool)
    return f"{word:g}" if is_number else str(word).strip().casefold()


def _path(text: str | None) -> JsonPath | None:
    return None if text is None else path_of(text)


def _grades(good: tuple[Any, ...], uncertain: tuple[Any, ...]) -> Mapping[str, Quality]:
    return dict.fromkeys(map(spelled, uncertain), Quality.UNCERTAIN) | dict.fromkeys(map(spelled, good), Quality.GOOD)


def _meaning(value: ValueEntry) -> Meaning:
    return Meaning(
        metric=value.metric,
        unit=value.unit,
        states={word.casefold(): number for word, number in value.states.items()},
        missing=frozenset(value.missing),
    )
