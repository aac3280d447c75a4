"""One device as a file describes it, whatever the kind of file."""

from collections.abc import Hashable
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, FiniteFloat, field_validator

from config.durations import Seconds
from config.loading import Strict
from domain.devices import PLAIN, Dialect
from domain.names import why_no_name
from domain.places import NoiseZone

Longitude = Annotated[float, Field(ge=-180, le=180)]
FigureName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]


def _no_yes(value: Any) -> Any:
    """YAML reads `yes` as true, and true would be 1."""
    if isinstance(value, bool):
        raise ValueError("is no number; write such as 3.2")
    return value


Figures = dict[FigureName, Annotated[FiniteFloat, BeforeValidator(_no_yes)]]


class DialectEntry(Strict):
    """How the device speaks where its format leaves that open: the fields of domain.devices.Dialect."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    timezone: str | None = None
    units: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, str] = Field(default_factory=dict)
    missing: tuple[FiniteFloat, ...] = ()
    codec: str | None = None
    decimal_comma: bool = False
    installed: tuple[FiniteFloat, FiniteFloat, FiniteFloat] | None = None

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (KeyError, ValueError, OSError) as exc:  # OSError: the name of a folder of zones
            raise ValueError(f"{name!r} is no zone of time; write a name such as Asia/Shanghai") from exc

    def dialect(self) -> Dialect:
        """`PLAIN` itself when nothing was said."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        if "missing" in said:
            said["missing"] = frozenset(self.missing)
        found = Dialect(**said)
        return PLAIN if found == PLAIN else found

    def key(self) -> Hashable:
        """Equal for equal dialects, so that thousands of devices may share one."""
        spelled = (tuple(self.units.items()), tuple(self.metrics.items()), self.missing, self.installed)
        return self.timezone, self.codec, self.decimal_comma, spelled


class DeviceEntry(Strict):
    """One device. `interval` defaults to that of the kind, `en` to the Chinese name."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """As docs/wire.md spells it: another id could not be heard."""
    kind: str
    zh: str = Field(min_length=1)
    en: str = ""
    lon: Longitude
    lat: Latitude
    interval: Annotated[Seconds, Field(gt=0)] | None = None
    zone: NoiseZone | None = None
    district: str | None = None
    road: str | None = None
    grid_cell: str | None = None
    department: str | None = None
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    dialect: DialectEntry | None = None
    figures: Figures = Field(default_factory=dict)

    @field_validator("aliases")
    @classmethod
    def _can_name_a_device(cls, aliases: tuple[str, ...]) -> tuple[str, ...]:
        reasons = [reason for alias in aliases if (reason := why_no_name(alias))]
        if reasons:
            raise ValueError("; ".join(reasons))
        return aliases


class DevicesFile(Strict):
    """The YAML file. Each device is a DeviceEntry, held against it one by one so that all faults come at once."""

    devices: tuple[Any, ...]


FIELDS = tuple(DeviceEntry.model_fields)
DIALECT_FIELDS = tuple(DialectEntry.model_fields)
