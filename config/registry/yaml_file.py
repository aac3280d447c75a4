"""Devices out of YAML: any YAML, and much faster the way we write it, one device a line as a JSON object."""

import codecs
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

import msgspec
import yaml

from config.loading import Where, build, decoded, parse_yaml, read_bytes, yaml_nodes
from config.registry.entries import DevicesFile
from config.registry.listing import Listing, Spot
from config.registry.plain_yaml import NotPlain, load_plain

HEAD = "devices:"
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read_yaml_listing(path: Path) -> Listing:
    """Raises Misconfigured for what cannot be read, is not YAML, or is no list of devices."""
    content = read_bytes(path)
    lines = JsonLines.of(content)
    if lines is not None:
        return Listing(contents=lines, spot=_spots_of_lines(path, lines))
    text = decoded(content, path)
    with paused_collection():
        devices = _content(text, path)
    file = build(DevicesFile, devices, file=path, text=text)
    return Listing(contents=file.devices, spot=_spots_of_nodes(path, text))


def _content(text: str, path: Path) -> Any:
    try:
        return load_plain(text)
    except NotPlain:
        return parse_yaml(text, file=str(path))


@contextmanager
def paused_collection() -> Iterator[None]:
    """No garbage collection meanwhile: it would walk through the half-made registry again and again (10 s for 4)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class JsonLines(Sequence[Any]):
    """Devices of one line each, in JSON's spelling. They are decoded when they are asked for: a registry that is read
    in portions never lies in memory twice.
    """

    def __init__(self, lines: Sequence[tuple[int, bytes]]) -> None:
        """Line number and JSON text of each."""
        self._lines = lines

    @classmethod
    def of(cls, content: bytes) -> Self | None:
        """None unless every line after the head is such a device, a comment or empty."""
        lines = enumerate(content.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1)
        head = next((line.rstrip() for _, line in lines if line.strip() and not line.startswith(b"#")), None)
        if head != HEAD.encode():
            return None
        found = []
        try:
            for number, line in lines:
                item = line.strip()
                if item.startswith(b"- {"):
                    _decode(item[2:])
                    found.append((number, item[2:]))
                elif item and not item.startswith(b"#"):
                    return None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return cls(found) if found else None

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [_decode(line) for _, line in self._lines[index]]
        return _decode(self._lines[index][1])

    def line(self, index: int) -> int:
        return self._lines[index][0]


def _spots_of_lines(path: Path, lines: JsonLines) -> Callable[[int, Where], Spot]:
    return lambda index, where: Spot(file=str(path), line=lines.line(index), label=_label(index, where))


def _spots_of_nodes(path: Path, text: str) -> Callable[[int, Where], Spot]:
    @cache
    def devices() -> yaml.Node | None:
        with paused_collection():
            return _below(yaml_nodes(text), HEAD.rstrip(":"))[0]

    def spot(index: int, where: Where) -> Spot:
        item, line = _below(devices(), index)
        for key in where:
            below, line_below = _below(item, key)
            if below is None:
                break
            item, line = below, line_below
        return Spot(file=str(path), line=line, label=_label(index, where))

    return spot


def _below(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node | None, int | None]:
    """The node below `node` under a key or an index, and the line where it begins."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return value, name.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key].start_mark.line + 1
    return None, None


def _label(index: int, where: Where) -> str:
    return ".".join(str(part) for part in (HEAD.rstrip(":"), index, *where))
