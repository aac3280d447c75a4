"""The message types of a Sparkplug B payload, built at run time from the field numbers of its specification.

Source: Sparkplug 3.0.0, chapter 6 (Payloads). Data sets and templates are left out: they are no single values.
"""

from functools import cache
from typing import Any

from domain.errors import Unusable
from domain.messages import Reason

_PACKAGE = "citybrain.sparkplug"
_FILE = "citybrain/sparkplug.proto"
_MOST_METRICS = 10_000
REBIRTH = "Node Control/Rebirth"
_BOOLEAN = 11
_SCALARS = frozenset({"uint32", "uint64", "float", "double", "bool", "string", "bytes"})
_TYPES: dict[str, dict[str, tuple[int, str]]] = {
    "Payload": {"timestamp": (1, "uint64"), "metrics": (2, "Metric*"), "seq": (3, "uint64")},
    "Metric": {
        "name": (1, "string"),
        "alias": (2, "uint64"),
        "timestamp": (3, "uint64"),
        "datatype": (4, "uint32"),
        "is_historical": (5, "bool"),
        "is_transient": (6, "bool"),
        "is_null": (7, "bool"),
        "properties": (9, "PropertySet"),
        "int_value": (10, "uint32"),
        "long_value": (11, "uint64"),
        "float_value": (12, "float"),
        "double_value": (13, "double"),
        "boolean_value": (14, "bool"),
        "string_value": (15, "string"),
        "bytes_value": (16, "bytes"),
    },
    "PropertySet": {"keys": (1, "string*"), "values": (2, "PropertyValue*")},
    "PropertyValue": {
        "is_null": (2, "bool"),
        "int_value": (3, "uint32"),
        "long_value": (4, "uint64"),
        "string_value": (8, "string"),
    },
}
"""Message → field → (number, type); a type that ends with `*` is repeated."""


@cache
def payload_type() -> Any:
    """The class of a whole payload."""
    # only here: protobuf takes 4 MB, and most cities have no edge node
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name=_FILE, package=_PACKAGE, syntax="proto2")
    for name, fields in _TYPES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _add(message, field, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def parsed_payload(payload: bytes) -> Any:
    """Texts that are not UTF-8 come as bytes. Raises Unusable: WRONG_SHAPE for what is no such payload,
    TOO_MANY_POINTS for one of absurd length.
    """
    from google.protobuf.message import DecodeError  # as above

    try:
        content = payload_type().FromString(payload)
    except DecodeError as exc:
        raise Unusable(Reason.WRONG_SHAPE, f"no Sparkplug B payload: {exc}; publish protobuf, not JSON") from exc
    if len(content.metrics) > _MOST_METRICS:
        detail = f"{len(content.metrics)} metrics, at most {_MOST_METRICS}; split the message"
        raise Unusable(Reason.TOO_MANY_POINTS, detail)
    return content


def rebirth_payload(*, milliseconds: int) -> bytes:
    """What an NCMD carries that asks an edge node for all its births (Sparkplug 3.0.0, chapter 6, NCMD)."""
    content = payload_type()(timestamp=milliseconds)
    content.metrics.add(name=REBIRTH, timestamp=milliseconds, datatype=_BOOLEAN, boolean_value=True)
    whole: bytes = content.SerializeToString()
    return whole


def _add(message: Any, name: str, number: int, kind: str) -> None:
    """A field of a message's descriptor."""
    field = message.field.add(name=name, number=number)
    field.label = field.LABEL_REPEATED if kind.endswith("*") else field.LABEL_OPTIONAL
    kind = kind.removesuffix("*")
    if kind in _SCALARS:
        field.type = getattr(field, f"TYPE_{kind.upper()}")
    else:
        field.type = field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{kind}"
