"""What an installation may say about whom to tell, of what, and how hard to try."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr

from config.durations import Seconds
from config.loading import Strict
from domain.alerts import AlertMove
from domain.conditions import Severity


class Language(StrEnum):
    CHINESE = "zh-CN"
    ENGLISH = "en"
    BOTH = "both"


RAISED_OR_RETURNED = (
    *(AlertMove.HOLD, AlertMove.VIOLATE_AGAIN),
    *(AlertMove.RETURN, AlertMove.RETURN_AND_CLOSE, AlertMove.RETIRE),
)


class RouteSettings(Strict):
    """One way to somebody: where it goes, and which moves of which alerts it carries.

    Exactly one of `url`, `url_file` (its first line) and `url_env` (the name of an environment variable) gives the
    address: an Apprise URL, or `log://FILE` for a file of JSON lines, relative to the data directory.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    url: SecretStr | None = None
    url_file: Path | None = None
    url_env: str | None = None
    severities: tuple[Severity, ...] = tuple(Severity)
    moves: tuple[AlertMove, ...] = RAISED_OR_RETURNED
    language: Language = Language.BOTH


class NotifySettings(Strict):
    """`first_retry` doubles with each failed try up to `longest_retry`; after `tries` tries a notice is given up."""

    routes: tuple[RouteSettings, ...] = (RouteSettings(id="log", url=SecretStr("log://notices.log")),)
    first_retry: Seconds = 10.0
    longest_retry: Seconds = 900.0
    tries: int = Field(default=12, ge=1)
