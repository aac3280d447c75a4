"""What people may do: four roles, each including the ones below it, and the visitor of the current request."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A screen on the wall is a viewer; an operator acknowledges."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is asking, as the guard found out."""

    name: str
    role: Role
    csrf: str


visitor: ContextVar[Visitor | None] = ContextVar("visitor", default=None)
"""Set by the guard for the time of a request; None outside of one."""


def may(role: Role) -> bool:
    """Whether the visitor of the current request has the role or one that includes it."""
    someone = visitor.get()
    return someone is not None and someone.role.includes(role)
