"""What one connection looks like to the session that owns it. It does not come back: the session makes a new one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from domain.messages import Message

PACKET_ID_BITS = 16
"""A message's token is its connection's number followed by its packet identifier, which is 0 at QoS 0."""


class Publication(NamedTuple):
    """Something that we say ourselves, at QoS 0: nobody waits for it, and it may be lost."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """The broker has said no, in its own words."""

    words: str
    of_version: bool = False
    """It does not speak our version of MQTT: another one may be welcome."""
    passes: bool = False
    """The broker is busy or not ready: nothing for a person to mend."""


@dataclass(slots=True)
class LinkState:
    """How far a connection has come."""

    is_accepted: bool = False
    """The broker has said yes to CONNECT."""
    is_over: bool = False
    session_present: bool = False
    kept_s: int | None = None
    """How long the broker keeps our session while we are away, where it says so: less than we asked for."""
    refusal: Refusal | None = None
    is_subscribed: bool = False
    """The broker has said yes to every topic."""
    refused_topics: list[str] = field(default_factory=list)
    weak_topics: list[str] = field(default_factory=list)
    """Granted at QoS 0 only: what is lost on the way does not come again."""
    ended_because: str = ""

    @property
    def is_open(self) -> bool:
        return self.is_accepted and not self.is_over

    def end(self, because: str) -> None:
        """The first reason stays: what follows from it is not news."""
        self.is_over = True
        self.ended_because = self.ended_because or because


class Link(Protocol):
    """From CONNECT to the end, driven by `pump` from one thread; nothing happens in between."""

    state: LinkState

    def open(self, *, timeout_s: float) -> None:
        """Reach the broker and say CONNECT; its answer comes through `pump`. Raises Temporary."""

    def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for the topics at QoS 1; refusals end up in `state.refused_topics`."""

    def pump(self, *, wait_s: float, most: int) -> Sequence[Message]:
        """Wait up to `wait_s` for the network, then hand over what is there, about `most` messages. Never raises."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """In the order given, which is that of arrival: MQTT asks for it (4.6), and rumqttd hangs up otherwise.

        Messages of other connections are passed over: the broker gives their identifiers to others by now.
        """

    def publish(self, publications: Sequence[Publication]) -> None:
        """Send them as soon as the socket takes them; on a connection that is over, not at all."""

    def close(self, *, because: str = "closed by us") -> None:
        """Say goodbye without ending the session at the broker. Closing twice is not an error."""
