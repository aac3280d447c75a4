"""SenML in CBOR (RFC 8428 section 6), made the same plain lists and maps that its JSON is.

Only tag 4, the decimal fraction that the RFC names, is read. Every other tag is refused: tags make dates, patterns,
shared and cyclic objects of a message, and none of that is a measurement.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any

import cbor2

from domain.errors import Unusable
from domain.messages import Reason

_MAX_DEPTH = 8
"""Array of packs, pack, record, and a decimal fraction inside: four, and as many again for extensions."""

_DECIMAL_FRACTION = 4
_LABELS = {
    -1: "bver",
    -2: "bn",
    -3: "bt",
    -4: "bu",
    -5: "bv",
    -6: "bs",
    0: "n",
    1: "u",
    2: "v",
    3: "vs",
    4: "vb",
    5: "s",
    6: "t",
    7: "ut",
    8: "vd",
}


class _OnlyDecimals(Mapping[int, Callable[[Any, bool], Any]]):
    """Has a decoder for every tag there may ever be but one: it refuses."""

    def __getitem__(self, tag: int) -> Callable[[Any, bool], Any]:
        if tag == _DECIMAL_FRACTION:
            raise KeyError(tag)
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _refuse_tag(content: Any, immutable: bool) -> Any:
    raise ValueError("a tag other than 4; send plain numbers, texts, arrays and maps")


def unpacked(payload: bytes) -> Any:
    """The content with the labels of JSON. Raises Unusable(WRONG_SHAPE)."""
    stream = BytesIO(payload)
    decoder = cbor2.CBORDecoder(stream, max_depth=_MAX_DEPTH, semantic_decoders=_OnlyDecimals())
    try:
        content = decoder.decode()
    except cbor2.CBORError as exc:
        detail = str(exc.__cause__ or exc)
        raise Unusable(Reason.WRONG_SHAPE, f"no SenML in CBOR: {detail[:200]}") from exc
    if rest := len(payload) - stream.tell():
        raise Unusable(Reason.WRONG_SHAPE, f"{rest} bytes follow the pack; send one item")
    return _labelled(content)


def _labelled(content: Any) -> Any:
    match content:
        case list():
            return [_labelled(one) for one in content]
        case dict():
            return {_LABELS.get(key, key): _plain(value) for key, value in content.items()}
        case _:
            return content


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
