"""The table of codecs. A new codec is one function and one entry here."""

from collections.abc import Mapping

from domain.errors import Unusable
from domain.messages import Reason
from ingest.codecs import milesight
from ingest.codecs.values import Codec

CODECS: Mapping[str, Codec] = {
    "milesight-em310-tilt": milesight.em310_tilt,
    "milesight-ws302": milesight.ws302,
}
"""Name in a device's dialect → codec."""


def chosen(name: str | None, codecs: Mapping[str, Codec]) -> Codec:
    """The codec that a dialect names. Raises Unusable(NO_CODEC) where it names none, or one that does not exist."""
    if name is None:
        raise Unusable(Reason.NO_CODEC, "undecoded: no codec for this device; name one in its dialect")
    if name not in codecs:
        known = ", ".join(codecs)
        raise Unusable(Reason.NO_CODEC, f"undecoded: codec {name[:40]!r} does not exist; the dialect may name {known}")
    return codecs[name]
