"""What the operator may set about storage: the journal, the time series and the pump between them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.durations import Seconds
from config.loading import Strict
from config.secrets import revealed
from config.sizes import Bytes

MIB = 1024 * 1024


class WhenFull(StrEnum):
    """At its limit the journal takes nothing more, so that the broker keeps it, or lets the oldest go, counted."""

    WAIT = "wait"
    DROP = "drop"


class JournalSettings(Strict):
    """`keep` must reach back at least as far as the lateness horizon: deduplication is rebuilt from the tail.

    `limit` bounds all of it, in bytes; without it the disk does. What the rules have not judged yet is never dropped.
    """

    segment_bytes: Bytes = Field(default=64 * MIB, ge=4096)
    keep: Seconds = 48 * 3600.0
    limit: Annotated[Bytes, Field(ge=16384)] | None = None
    when_full: WhenFull = WhenFull.WAIT

    @model_validator(mode="after")
    def _limit_holds_some_segments(self) -> Self:
        if self.limit is not None and self.limit < 4 * self.segment_bytes:
            raise ValueError(
                f"limit {self.limit} is below four segments of {self.segment_bytes} bytes: room is made by whole"
                " segments; raise limit or lower segment_bytes"
            )
        return self


class SeriesKind(StrEnum):
    EMBEDDED = "embedded"
    INFLUXDB = "influxdb"


class EmbeddedSettings(Strict):
    """Bounds for the embedded engine, so that a wide question does not starve the rest of the machine."""

    memory_limit: str = Field(default="512MB", pattern=r"^\d+(\.\d+)?(MB|GB|MiB|GiB)$")
    threads: int = Field(default=2, ge=1, le=64)


class InfluxSettings(Strict):
    """An InfluxDB server. 1 and 3 go by `database`; 2 by `org` and `bucket`, and by `database` for reading (DBRP)."""

    generation: Literal[1, 2, 3] = 2
    url: str = Field(default="http://127.0.0.1:8086", pattern=r"^https?://")
    database: str = "citybrain"
    retention_policy: str | None = None
    org: str = "citybrain"
    bucket: str = "citybrain"
    token: SecretStr | None = None
    token_file: Path | None = None
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    timeout: Seconds = 10.0
    max_series: int = Field(default=1_000_000, ge=1)
    """The default of max-series-per-database of 1.x."""

    @model_validator(mode="after")
    def _each_secret_once(self) -> Self:
        if self.token and self.token_file:
            raise ValueError("token and token_file are both given; keep one of them")
        if self.password and self.password_file:
            raise ValueError("password and password_file are both given; keep one of them")
        if self.generation == 2 and not (self.token or self.token_file):
            raise ValueError("InfluxDB 2 takes no writes without a token; give token_file (or token)")
        return self

    @property
    def target(self) -> str:
        """What tells this server's database from others."""
        return f"{self.url} {f'{self.org}/{self.bucket}' if self.generation == 2 else self.database}"

    def read_token(self) -> str | None:
        """The token, from the file if one is named. Raises Misconfigured when the file cannot be read."""
        return revealed(self.token, self.token_file)

    def read_password(self) -> str | None:
        """The password, from the file if one is named. Raises Misconfigured when the file cannot be read."""
        return revealed(self.password, self.password_file)


class PumpSettings(Strict):
    """How the journal is moved into the series store. `linger` trades freshness of history for fewer, larger writes."""

    entries: int = Field(default=1_000, ge=1)
    readings: int = Field(default=50_000, ge=1)
    linger: Seconds = 0.5
    first_backoff: Seconds = 0.5
    longest_backoff: Seconds = 30.0
    refusals: int = Field(default=200, ge=1)
    """How many refused writes one batch may cost while its bad readings are isolated; then the rest goes as one."""


class RollupSettings(Strict):
    """Minutes and hours beside the readings, for trends over weeks and years. None: kept for ever."""

    enabled: bool = True
    every: Seconds = Field(default=60.0, gt=0)
    keep_minutes: Seconds | None = 366 * 86_400.0
    keep_hours: Seconds | None = None


class SeriesSettings(Strict):
    """Which store keeps the readings. `keep` is how long; without it they are kept for ever."""

    kind: SeriesKind = SeriesKind.EMBEDDED
    keep: Seconds | None = None
    embedded: EmbeddedSettings = EmbeddedSettings()
    influxdb: InfluxSettings | None = None
    pump: PumpSettings = PumpSettings()
    rollups: RollupSettings = RollupSettings()

    @model_validator(mode="after")
    def _influxdb_is_described(self) -> Self:
        if self.kind is SeriesKind.INFLUXDB and self.influxdb is None:
            raise ValueError("kind is influxdb, but the section influxdb is missing; give at least url and generation")
        return self
