"""sensor.community (airRohr): what a station posts, bridged to any topic. All values are text, and there is no time."""

from collections.abc import Iterator, Sequence
from typing import Any

from config.codes import shipped_codes
from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.formats.decoded import Decoded, Dialects, Reject
from ingest.formats.json_text import parsed
from ingest.formats.names import device_name
from ingest.formats.rivals import unrivalled
from ingest.formats.telling import Moment, Telling

_VALUES = "sensordatavalues"
_CHIPS = {"esp8266id": "esp8266", "esp32id": "esp32"}
_SHOWN = 80


def looks_like(message: Message) -> bool:
    return b'"sensordatavalues"' in message.payload


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One station; times are those of receipt. Raises Unusable."""
    content = parsed(message.payload)
    values = content.get(_VALUES) if isinstance(content, dict) else None
    if not isinstance(values, list):
        raise Unusable(Reason.WRONG_SHAPE, f"no list {_VALUES}; send what the station posts, unchanged")
    device = _station(content)
    telling = Telling(
        device=device, codes=shipped_codes("sensor-community"), dialect=dialects(device), moment=Moment(at=None)
    )
    said: dict[str, object] = {}
    for reject in _collect(values, said):
        telling.reject(reject.reason, reject.detail)
    for code, value in unrivalled(said, telling):
        telling.say(code, value)
    return [telling.decoded()]


def _station(content: dict[str, Any]) -> str:
    """As the network calls it: `esp8266-12331981`. Raises Unusable."""
    for key, chip in _CHIPS.items():
        if key in content:
            return device_name(f"{chip}-{device_name(content[key])}")
    raise Unusable(Reason.WRONG_SHAPE, f"no station: one of {', '.join(_CHIPS)} must be given")


def _collect(values: list[Any], said: dict[str, object]) -> Iterator[Reject]:
    """Fills `said` by type of value; what cannot be used of the list comes back, one by one."""
    for place, item in enumerate(values):
        code = item.get("value_type") if isinstance(item, dict) else None
        if not isinstance(code, str) or not code or "value" not in item:
            detail = f"$.{_VALUES}[{place}]: {str(item)[:_SHOWN]}: must have value_type and value"
            yield Reject(reason=Reason.WRONG_SHAPE, detail=detail)
        elif code in said:
            yield Reject(reason=Reason.WRONG_SHAPE, detail=f"$.{_VALUES}[{place}]: {code[:_SHOWN]!r} stands twice")
        else:
            said[code] = item["value"]
