"""What the benchmark sends: about 200 bytes of the native format with three values, every reading of them new."""

from collections.abc import Iterator
from dataclasses import dataclass

TOPIC = "citybrain/v1/up/NM-{:06d}"
SHORTEST_ALERTS = 97
"""A prime, so that the alerts fall on different devices."""
_FILLING = "x" * 90
_EVENT_BEFORE_MS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """`garbage`: share of messages that are cut off in the middle. `alert_every`: 0 for none, else each so-manieth
    message is far above every limit. `rate` in messages per second, None for as fast as the broker answers.
    """

    messages: int
    devices: int
    garbage: float = 0.0
    alert_every: int = 0
    rate: float | None = None

    @property
    def unreadable(self) -> int:
        return sum(1 for number in range(self.messages) if self.is_garbage(number))

    @property
    def readings(self) -> int:
        """Values in the messages that can be read."""
        return VALUES * (self.messages - self.unreadable)

    def is_garbage(self, number: int) -> bool:
        return int((number + 1) * self.garbage) > int(number * self.garbage)

    def message(self, number: int, *, now_ms: int) -> tuple[str, bytes]:
        """Topic and payload of one message; without a rate the devices take turns, a millisecond later each round."""
        turn, device = divmod(number, self.devices)
        at = now_ms if self.rate else now_ms - _EVENT_BEFORE_MS + turn
        is_loud = self.alert_every and number % self.alert_every == 0
        level = 99.5 if is_loud else 40 + number % 97 / 10
        text = (
            f'{{"t":{at},"span":1,"v":{{"laeq":{level},"lamax":{level + 7.5},"battery":{20 + number % 80}}},'
            f'"seq":{turn},"note":"{_FILLING}"}}'
        ).encode()
        return TOPIC.format(1 + device), text[: len(text) // 2] if self.is_garbage(number) else text

    def all(self, *, now_ms: int) -> Iterator[tuple[str, bytes]]:
        return (self.message(number, now_ms=now_ms) for number in range(self.messages))


VALUES = 3
"""Readings in a message."""
