"""What the code of a case means, by generation of the standard, for parts and for events apart.

A code is a text: 0137 without its zero is another one. The same digits name different things in the two generations.
"""

import re
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field

from cases.method import FOLDER
from config.loading import Strict, load

SHIPPED_CODES = FOLDER / "codes.yaml"
_CODE = re.compile(r"\d{4}")

Major = Annotated[str, Field(pattern=r"^\d{2}$")]
Minor = Annotated[str, Field(pattern=r"^\d{4}$")]


class CaseKind(StrEnum):
    """部件 or 事件: the namespace of a code."""

    PART = "part"
    EVENT = "event"


class Generation(Strict):
    """One edition of the standard; only codes that were verified."""

    zh: str
    en: str
    source: str
    valid_from: date
    majors: dict[CaseKind, dict[Major, str]]
    minors: dict[CaseKind, dict[Minor, str]]

    def major(self, kind: CaseKind, code: str) -> str | None:
        return self.majors[kind].get(code[:2])

    def minor(self, kind: CaseKind, code: str) -> str | None:
        return self.minors[kind].get(code)

    def fault(self, kind: CaseKind | None, code: str) -> str | None:
        """Why a code cannot be one of this generation; None for one that can, also where its name is not listed."""
        if kind is None:
            return f"code {code!r} without part or event names nothing: the two are separate"
        if not _CODE.fullmatch(code):
            lost = f"; a spreadsheet took the leading zero: write 0{code}" if re.fullmatch(r"\d{3}", code) else ""
            return f"code {code!r:.20} is not four digits{lost}"
        if self.major(kind, code) is None:
            return f"code {code!r}: {kind} {code[:2]} is no major class of {self.source.partition('，')[0]}"
        return None


class Codes(Strict):
    generations: dict[str, Generation]


def load_codes(file: Path = SHIPPED_CODES) -> Codes:
    """Raises Misconfigured with every problem of the file."""
    return load(file, Codes)
