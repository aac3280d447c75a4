"""The words of a list of cases: which cells say nothing, which say yes or no by their column, and which name a kind."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from cases.codes import CaseKind
from citybrain.casework.columns import Role

Meant = TypeVar("Meant")
_NOTHING = frozenset({"", "-", "--", "—", "/", "null", "none", "nan", "无"})
_NOT_YET = re.compile(
    r"(?:9999[-/.年]12[-/.月]31日?|0000[-/.]00[-/.]00)(?:[T\s].*)?|99991231(?:\d{4}|\d{6})?", re.IGNORECASE
)
"""What tables hold that must have a time: the last day that fits, or none at all."""
_YES = frozenset({"是", "有", "y", "yes", "true", "t", "1", "1.0", "√", "✓"})
_NO = frozenset({"否", "没有", "n", "no", "false", "f", "0", "0.0", "×"})
_YES_OF: Mapping[Role, frozenset[str]] = {
    Role.VALID: _YES | {"有效", "受理", "已受理", "予以受理"},
    Role.RETURNED: _YES | {"退回", "已退回", "回退", "已回退"},
    Role.EXTENSION: _YES | {"延期", "已延期"},
    Role.REWORKED: _YES | {"返工", "已返工"},
}
_NO_OF: Mapping[Role, frozenset[str]] = {
    Role.VALID: _NO | {"无效", "不受理", "未受理", "不予受理"},
    Role.RETURNED: _NO | {"未退回", "没有退回", "无退回", "未回退"},
    Role.EXTENSION: _NO | {"未延期", "没有延期", "无延期"},
    Role.REWORKED: _NO | {"未返工", "没有返工", "无返工"},
}
"""A word answers the question of its own column alone: 退回 in 是否受理 is no answer."""
_KINDS: Mapping[str, CaseKind] = {
    **dict.fromkeys(("part", "parts", "部件", "component"), CaseKind.PART),
    **dict.fromkeys(("event", "events", "事件"), CaseKind.EVENT),
}
_HOW_OFTEN = re.compile(r"(\d+)(?:\.0+)?\s*次?")


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is nothing, or that it did not happen yet."""
    return text.casefold() in _NOTHING or _NOT_YET.fullmatch(text) is not None


def yes_or_no(text: str, role: Role) -> bool:
    """Raises ValueError for what answers neither in a column of that role."""
    plain = text.casefold()
    if plain not in _YES_OF[role] and plain not in _NO_OF[role] and not is_nothing(text):
        raise ValueError(f"{role} {text!r:.40} is neither yes 是 nor no 否")
    return plain in _YES_OF[role]


def how_often(text: str) -> int:
    """A whole number, or yes for once. Raises ValueError for anything else."""
    match = _HOW_OFTEN.fullmatch(text)
    return int(yes_or_no(text, Role.REWORKED)) if match is None else int(match[1])


def kind_of(text: str) -> CaseKind | None:
    """None for an empty cell. Raises ValueError for what is neither a part nor an event."""
    if is_nothing(text):
        return None
    kind = _KINDS.get(text.casefold())
    if kind is None:
        raise ValueError(f"kind {text!r:.40} is neither a part 部件 nor an event 事件: its code names nothing")
    return kind


class Unclear:
    """Cells of one row that are not understood: the row stays, without what they may have meant."""

    def __init__(self) -> None:
        self.why: list[str] = []

    def read(self, meaning: Callable[[str], Meant], text: str) -> Meant | None:
        """None, and why, where the meaning raises ValueError."""
        try:
            return meaning(text)
        except ValueError as exc:
            self.why.append(str(exc))
            return None

    def answer(self, cells: Mapping[Role, str], role: Role) -> bool | None:
        return self.read(lambda text: yes_or_no(text, role), cells.get(role, ""))
