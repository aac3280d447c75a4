"""Writes a registry as YAML, one device a line as a JSON object: diffs show devices, and reading it is fast."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from config.registry.entries import DeviceEntry, DialectEntry
from config.registry.yaml_file import HEAD
from domain.errors import Misconfigured, Problem

COMMENT = "# Written by `citybrain devices`; one device a line, each a JSON object. Fields: docs/registry.md\n"
_UNITS_S = (("d", Decimal(86400)), ("h", Decimal(3600)), ("m", Decimal(60)))


def write_devices(path: Path, entries: Iterable[DeviceEntry]) -> Path | None:
    """Put them in the place of the file, which is kept beside it: the path of the copy, None where there was no file.

    Whoever reads meanwhile finds the old file or the new one, never half of one. Raises Misconfigured when the file
    cannot be written.
    """
    try:
        return _replace(path.resolve(), spelled(entries).encode())
    except OSError as exc:
        message = f"cannot be written: {exc.strerror}; check the rights of the file and its folder"
        raise Misconfigured([Problem(file=str(path), line=None, message=message)]) from exc


def spelled(entries: Iterable[DeviceEntry]) -> str:
    """The text of the file."""
    lines = (f"- {msgspec.json.encode(fields_of(entry)).decode()}\n" for entry in entries)
    return f"{COMMENT}{HEAD}\n{''.join(lines)}" if entries else f"{COMMENT}{HEAD} []\n"


def fields_of(entry: DeviceEntry) -> dict[str, Any]:
    """What has to be said about the device, in the order of its fields, as a file spells it; nothing that is empty."""
    fields: dict[str, Any] = {name: value for name in DeviceEntry.model_fields if (value := getattr(entry, name))}
    fields |= {"lon": entry.lon, "lat": entry.lat}
    if entry.interval is not None:
        fields["interval"] = spelled_duration(entry.interval)
    if entry.zone is not None:
        fields["zone"] = entry.zone.value
    if entry.dialect is not None:
        fields["dialect"] = _dialect_fields(entry.dialect)
    return {name: value for name, value in fields.items() if value not in ("", (), {})}


def spelled_duration(seconds: float) -> str:
    """The duration as a file writes it, in the largest unit that gives a whole number; exactly the same when read."""
    exact = Decimal(repr(seconds))
    for unit, size in _UNITS_S:
        if exact >= size and exact % size == 0:
            return f"{exact / size:f}".removesuffix(".0") + unit
    return f"{exact:f}".removesuffix(".0") + "s"


def _dialect_fields(entry: DialectEntry) -> Mapping[str, Any]:
    empty = DialectEntry()
    return {
        name: value for name in DialectEntry.model_fields if (value := getattr(entry, name)) != getattr(empty, name)
    }


def _replace(path: Path, content: bytes) -> Path | None:
    kept = _keep(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if kept is not None:
            shutil.copymode(kept, fresh)
        else:
            fresh.chmod(0o644)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return kept


def _keep(path: Path) -> Path | None:
    """A copy beside the file, with its times and rights."""
    if not path.is_file():
        return None
    kept = path.with_name(f"{path.name}.bak")
    shutil.copy2(path, kept)
    return kept
