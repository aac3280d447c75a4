"""What an examination found: how bad it is, in both languages, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """OK needs nothing, NOTE is worth knowing, BAD breaks a promise."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


class Section(StrEnum):
    """In the order of the page."""

    FILES = "files"
    BROKER = "broker"
    STORES = "stores"
    MACHINE = "machine"
    REGISTRY = "registry"
    ROUTES = "routes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    section: Section
    level: Level
    zh: str
    en: str
    advice_zh: str = ""
    advice_en: str = ""
