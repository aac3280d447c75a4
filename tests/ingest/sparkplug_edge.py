"""Writes Sparkplug B payloads as an edge node does."""

from collections.abc import Sequence
from typing import Any

from domain.messages import Message
from ingest.formats.sparkplug_payload import payload_type
from tests.ingest.fakes import NOW, NOW_MS, message

INT8, INT16, INT32, INT64, UINT8, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING, DATE = (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13)


def metric(name: str | None = None, **fields: Any) -> dict[str, Any]:
    """One metric by the names of the specification; `properties` as a dict of whole numbers and texts."""
    return {**({} if name is None else {"name": name}), **fields}


def payload(metrics: Sequence[dict[str, Any]] = (), *, seq: int | None = 0, timestamp: int | None = NOW_MS) -> bytes:
    content = payload_type()()
    if timestamp is not None:
        content.timestamp = timestamp
    if seq is not None:
        content.seq = seq
    for fields in metrics:
        written = content.metrics.add()
        for name, value in fields.items():
            if name != "properties":
                setattr(written, name, value)
        for key, value in fields.get("properties", {}).items():
            written.properties.keys.append(key)
            holder = written.properties.values.add()
            setattr(holder, "string_value" if isinstance(value, str) else "int_value", value)
    whole: bytes = content.SerializeToString()
    return whole


def said(
    kind: str, metrics: Sequence[dict[str, Any]] = (), *, received: int = NOW, retain: bool = False, **more: Any
) -> Message:
    """A message of edge node city/edge, or for D… of its device NM-1."""
    topic = f"spBv1.0/city/{kind}/edge" + ("/NM-1" if kind.startswith("D") else "")
    return message(payload(metrics, **more), topic=topic, received=received, retain=retain)


def node_birth(*, bd_seq: int = 0, metrics: Sequence[dict[str, Any]] = (), **more: Any) -> Message:
    session = metric("bdSeq", datatype=UINT64, long_value=bd_seq)
    return said("NBIRTH", [session, *metrics], **{"seq": 0, **more})
