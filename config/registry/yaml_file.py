"""Devices out of YAML: any YAML, and much faster the way we write it, one device a line as a JSON object."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from config.loading import Where, build, parse_yaml, read_text, yaml_nodes
from config.registry.entries import DevicesFile
from config.registry.listing import Listing, Spot
from config.registry.plain_yaml import NotPlain, load_plain

HEAD = "devices:"


def read_yaml_listing(path: Path) -> Listing:
    """Raises Misconfigured for what cannot be read, is not YAML, or is no list of devices."""
    text = read_text(path)
    lines = _json_lines(text)
    if lines is not None:
        return Listing(contents=[content for _, content in lines], spot=_spots_of_lines(path, lines))
    with paused_collection():
        content = _content(text, path)
    file = build(DevicesFile, content, file=path, text=text)
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


def _json_lines(text: str) -> list[tuple[int, Any]] | None:
    """Line number and content of each device, if every line of the text is a device of one line in JSON's spelling."""
    lines = enumerate(text.splitlines(), start=1)
    head = next((line for _, line in lines if line and not line.startswith("#")), None)
    if head != HEAD:
        return None
    found = []
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    try:
        for number, line in lines:
            item = line.strip()
            if item.startswith("- {"):
                found.append((number, decode(item[2:])))
            elif item and not item.startswith("#"):
                return None
    except msgspec.MsgspecError:
        return None
    return found or None


def _spots_of_lines(path: Path, lines: Sequence[tuple[int, Any]]) -> Callable[[int, Where], Spot]:
    return lambda index, where: Spot(file=str(path), line=lines[index][0], label=_label(index, where))


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
