"""A case as a list of cases records it: what it is, whose it is, and when each step was done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cases.codes import CaseKind
from cases.limits import Limit, Pause


class Step(StrEnum):
    """The steps of a case in their order. 核实 is before filing, 核查 after disposal; some swap the words."""

    REPORTED = "reported"
    VERIFY_ASKED = "verify_asked"
    VERIFIED = "verified"
    REGISTERED = "registered"
    DISPATCHED = "dispatched"
    DISPOSED = "disposed"
    CHECK_ASKED = "check_asked"
    CHECKED = "checked"
    CLOSED = "closed"


class Mark(StrEnum):
    """What a list may say of a case beside its times."""

    LIMIT = "limit"
    EXTENSION = "extension"
    VALID = "valid"
    RETURNED = "returned"
    REWORKED = "reworked"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCase:
    """Times in microseconds; a step without one was not done.

    `is_returned`: the first unit it was dispatched to sent it back. `due`: the deadline that the list itself names.
    `is_extended`, `is_valid`, `is_returned`, `reworks`: None where the list says something that is not understood.
    """

    id: str
    line: int
    department: str = ""
    kind: CaseKind | None = None
    code: str = ""
    times: Mapping[Step, int] = field(default_factory=dict)
    limit: Limit | None = None
    extension: Limit | None = None
    is_extended: bool | None = False
    pause: Pause | None = None
    is_valid: bool | None = False
    is_returned: bool | None = False
    reworks: int | None = 0
    due: int | None = None

    @property
    def unclear(self) -> frozenset[Mark]:
        """What is not known of this case, though the list says it of others."""
        answers = {
            Mark.EXTENSION: self.is_extended,
            Mark.VALID: self.is_valid,
            Mark.RETURNED: self.is_returned,
            Mark.REWORKED: self.reworks,
        }
        return frozenset(mark for mark, answer in answers.items() if answer is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseList:
    """All cases, and what their file says at all: a rate whose column is missing is no zero."""

    cases: tuple[RecordedCase, ...]
    says: frozenset[Step | Mark]
