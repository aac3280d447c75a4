"""What an operator may say about the broker and the intake; sensible without a word."""

import ssl
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from config.durations import Seconds
from config.loading import Strict
from config.secrets import revealed
from config.sizes import Bytes
from domain.errors import Misconfigured, Problem
from ingest.topics import TopicFilter

AUTO = "auto"
"""The format of each message is told by its topic and its looks."""
MAPPING = "mapping:"
"""Before the name of a mapping file."""

Positive = Annotated[Seconds, Field(gt=0)]


class FeedSettings(Strict):
    """Topics that are counted together. `share` names a shared subscription, so that several engines divide a feed.
    `format` is a name of docs/formats.md.
    """

    id: str = "city"
    topics: tuple[str, ...] = ("citybrain/v1/#",)
    share: str | None = None
    format: str = AUTO

    @field_validator("format")
    @classmethod
    def _is_known(cls, name: str) -> str:
        """`mapping:NAME` is looked at when the mapping files are read."""
        if name != AUTO and not name.startswith(MAPPING):
            from ingest.formats.table import NAMES  # decoders are many; a feed that names none needs none of them here

            if name not in NAMES:
                raise ValueError(
                    f"format {name!r} is not known; known are {', '.join((AUTO, *NAMES))} and {MAPPING}NAME"
                )
        return name

    @field_validator("topics")
    @classmethod
    def _are_filters(cls, topics: tuple[str, ...]) -> tuple[str, ...]:
        for topic in topics:
            TopicFilter(topic)
            if topic.startswith("$"):
                raise ValueError(f"topic {topic!r}: name topics of devices; $SYS is not for feeds, $share is `share`")
        return topics


_TLS_ADVICE = (
    "give PEM files that this user may read: `ca` and `certificate` with certificates, `key` with the certificate's key"
)


class _Locked(Exception):
    """A private key that asks for a pass phrase."""


def _no_pass_phrase() -> str:
    """OpenSSL itself would ask the terminal, and wait for ever."""
    raise _Locked


class TlsSettings(Strict):
    """Without `ca` the system's authorities count. `insecure` accepts any certificate: for trials only."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False

    def context(self) -> ssl.SSLContext:
        """Raises Misconfigured when a file cannot be read or is not what it should be."""
        try:
            context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key, password=_no_pass_phrase)
        except _Locked as exc:
            message = "is protected by a pass phrase, and nobody is there to type it; give a key without one"
            raise Misconfigured([Problem(file=str(self.key or self.certificate), line=None, message=message)]) from exc
        except OSError as exc:  # ssl.SSLError is one
            message = f"cannot be used for TLS: {exc}; {_TLS_ADVICE}"
            files = ", ".join(str(file) for file in (self.ca, self.certificate, self.key) if file)
            raise Misconfigured([Problem(file=files, line=None, message=message)]) from exc
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class BrokerSettings(Strict):
    """How to reach the broker. `client_id` names our session there: two engines need two names."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    protocol: Annotated[Literal["5", "3.1.1"], BeforeValidator(str)] = "5"
    transport: Literal["tcp", "websockets"] = "tcp"
    websocket_path: str = Field(default="/mqtt", pattern="^/")
    session: Literal["auto", "bulk", "paho"] = "auto"
    """Which client: docs/brokers.md says what each can and when `auto` takes which."""
    client_id: str = Field(default="citybrain", min_length=1, max_length=64)
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    tls: TlsSettings | None = None
    keepalive: Annotated[Seconds, Field(ge=1, le=65535)] = 30.0
    session_expiry: Annotated[Seconds, Field(ge=0, le=0xFFFFFFFE)] = 7 * 86400.0
    """How long the broker keeps our session while we are away (MQTT 5; with 3.1.1 the broker decides)."""
    receive_maximum: int = Field(default=5000, ge=1, le=65535)
    """How many messages we let the broker have on the way unacknowledged (MQTT 5). A broker may hold less."""
    connect_timeout: Positive = 10.0
    retry_first: Positive = 1.0
    retry_longest: Positive = 60.0
    retry_refused: Positive = 60.0
    """Pause after the broker has refused us: nothing changes until a person mends it."""

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file are both given; keep one")
        if self.username is None and (self.password is not None or self.password_file is not None):
            raise ValueError("a password without a username; add username")
        return self

    @model_validator(mode="after")
    def _bulk_can_speak_it(self) -> Self:
        if self.session == "bulk" and (self.protocol != "5" or self.transport != "tcp"):
            raise ValueError(
                f"session: bulk speaks MQTT 5 over TCP, not {self.protocol} over {self.transport}; "
                "write session: auto, or protocol: 5 with transport: tcp"
            )
        return self

    def secret(self) -> str | None:
        """The password itself. Raises Misconfigured when its file cannot be read."""
        return revealed(self.password, self.password_file)


class ListenerSettings(Strict):
    """A port that stations connect to by themselves. `feed` is what their messages are counted as."""

    kind: Literal["hj212"]
    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    feed: str = Field(default="hj212", min_length=1)
    password: SecretStr | None = None
    password_file: Path | None = None
    idle: Positive = 600.0
    connections: int = Field(default=1000, ge=1)

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file are both given; keep one")
        return self

    def secret(self) -> str | None:
        """The password that stations must show. Raises Misconfigured when its file cannot be read."""
        return revealed(self.password, self.password_file)


class LimitSettings(Strict):
    """What one message may be. The figures are those of docs/wire.md."""

    payload_bytes: Bytes = Field(default=256 * 1024, ge=1)
    values: int = Field(default=10_000, ge=1)


class SparkplugSettings(Strict):
    """`rebirth`: ask an edge node for its births where we lack one. The only thing that is ever published; the broker
    has to allow it. `rebirth_every`: each node is asked once in that time.
    """

    rebirth: bool = False
    rebirth_every: Annotated[Seconds, Field(ge=10)] = 300.0


class IngestSettings(Strict):
    """The intake: where it listens, how it batches, what it refuses."""

    broker: BrokerSettings = BrokerSettings()
    feeds: tuple[FeedSettings, ...] = Field(default=(FeedSettings(),), min_length=1)
    listeners: tuple[ListenerSettings, ...] = ()
    batch_size: int = Field(default=5000, ge=1)
    """Messages in one settlement, about: receiving stops at the first reach that fills it."""
    batch_age: Positive = 0.05
    """A batch is settled this long after its first message at the latest."""
    linger: Positive = 0.01
    """... or when nothing came for this long: brokers stop sending at their in-flight window."""
    tick: Positive = 1.0
    """Real time without messages after which the city's clock is journalled."""
    late_horizon: Positive = 26 * 3600.0
    """Readings older than this are refused as late; younger ones are known again if they come twice."""
    future_skew: Annotated[Seconds, Field(ge=0)] = 300.0
    limits: LimitSettings = LimitSettings()
    sparkplug: SparkplugSettings = SparkplugSettings()
    mappings: tuple[Path, ...] = ()
    """Files that say how a vendor's JSON becomes readings; docs/mapping.md."""

    @property
    def reach_s(self) -> float:
        """How far the event times of two readings that are taken in may be apart when they come, in seconds."""
        return self.late_horizon + self.future_skew

    @property
    def feed_ids(self) -> tuple[str, ...]:
        """Every feed by which messages may be counted: those of the broker, then those of the listeners."""
        return tuple(dict.fromkeys([*(feed.id for feed in self.feeds), *(one.feed for one in self.listeners)]))

    @field_validator("feeds")
    @classmethod
    def _feeds_have_their_own_ids(cls, feeds: tuple[FeedSettings, ...]) -> tuple[FeedSettings, ...]:
        ids = [feed.id for feed in feeds]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"feed {', '.join(twice)} stands twice; give every feed its own id")
        return feeds

    @model_validator(mode="after")
    def _listeners_have_their_own_feeds_and_ports(self) -> Self:
        of_broker = {feed.id for feed in self.feeds}
        for listener in self.listeners:
            if listener.feed in of_broker:
                raise ValueError(f"feed {listener.feed} of a listener is that of the broker too; give it another name")
        places = [(listener.host, listener.port) for listener in self.listeners]
        if len(set(places)) < len(places):
            raise ValueError("two listeners on one port; give each its own")
        return self
