"""What an operator may say about the simulated city and about the broker it speaks to."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from config.durations import Seconds
from config.loading import Strict
from config.secrets import revealed
from simulators.city import SHIPPED, SHIPPED_SEED


class BrokerAddress(Strict):
    """How simulators, replay and capture reach a broker."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    protocol: Annotated[Literal["5", "3.1.1"], BeforeValidator(str)] = "5"
    client_id: str = Field(default="citybrain-simulators", min_length=1, max_length=64)
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    keepalive: Annotated[Seconds, Field(ge=1, le=65535)] = 30.0
    in_flight: int = Field(default=100, ge=1, le=65535)
    """How many messages may be on the way unacknowledged; more wait."""
    retry_first: Annotated[Seconds, Field(gt=0)] = 0.5
    retry_longest: Annotated[Seconds, Field(gt=0)] = 15.0

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file are both given; keep one")
        return self

    def secret(self) -> str | None:
        """The password itself. Raises Misconfigured when its file cannot be read."""
        return revealed(self.password, self.password_file)


class SimulationSettings(Strict):
    """`scenario` is the name of a shipped one or a path. `begin` is when the story began on the city's clock:
    whoever restarts the simulators gives the same one, and the story goes on; without it, it begins now. `devices` is a
    registry of any kind that the engine reads."""

    broker: BrokerAddress = BrokerAddress()
    city: Path = SHIPPED / "city.yaml"
    devices: Path = SHIPPED / "devices.yaml"
    catalogue: Path | None = None
    scenario: str = "demo"
    seed: int = SHIPPED_SEED
    history: Annotated[Seconds, Field(ge=0)] = 24 * 3600.0
    begin: datetime | None = None

    @field_validator("begin")
    @classmethod
    def _has_a_zone(cls, begin: datetime | None) -> datetime | None:
        if begin is not None and begin.tzinfo is None:
            raise ValueError(f"{begin.isoformat()} has no zone; write Z or an offset such as +08:00")
        return begin
