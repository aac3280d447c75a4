"""One tree of errors, split by what the caller does about it.

CitybrainError
├── Unusable        quarantine it: this input cannot be used, now or later, without a change of mapping or registry
├── Temporary       retry it: the same call may succeed later (store away, broker away, receiver busy)
├── Refused         tell the caller: the request itself is wrong (unknown alert, illegal move, bad address)
└── Misconfigured   tell the operator: a file, setting or environment is wrong; carries every problem found at once
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # domain.messages loads numpy, and the command line needs its errors before it needs numbers
    from domain.messages import Reason


class CitybrainError(Exception):
    """Base of all errors that this house raises on purpose."""


class Unusable(CitybrainError):
    """Input for the quarantine, with the reason as a word and as a sentence."""

    def __init__(self, reason: "Reason", detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Temporary(CitybrainError):
    """Try again later; `retry_after_s` is the other side's own hint, if it gave one."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Refused(CitybrainError):
    """Trying again will not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a file: where, what with which value, and what to write instead."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class Misconfigured(CitybrainError):
    """Every problem of the files at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
