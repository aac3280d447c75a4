"""Which column of a list of cases holds what, by the words that people put into headers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from domain.errors import Refused


class Role(StrEnum):
    """What a column may hold. Those of steps are spelled as the steps."""

    ID = "id"
    KIND = "kind"
    CODE = "code"
    DEPARTMENT = "department"
    LIMIT = "limit"
    UNIT = "unit"
    EXTENSION = "extension"
    VALID = "valid"
    RETURNED = "returned"
    REWORKED = "reworked"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    DEADLINE = "deadline"
    REPORTED = "reported"
    VERIFY_ASKED = "verify_asked"
    VERIFIED = "verified"
    REGISTERED = "registered"
    DISPATCHED = "dispatched"
    DISPOSED = "disposed"
    CHECK_ASKED = "check_asked"
    CHECKED = "checked"
    CLOSED = "closed"


_BLANKS = re.compile(r"[\s_\-.:/]+|[（(\[].*?[)）\]]")
_AT = r"(at|on|time)?"
_WORDS: Mapping[Role, str] = {
    Role.ID: r"id|(case|task|record)(id|no|number)|no|编号|案(卷|件)(编)?号|任务(编)?号|序号",
    Role.KIND: r"kind|type|类型|(案卷|案件|问题)(类型|属性)|部件事件",
    Role.CODE: r"(case|minor|class)?code|代码|编码|(小类|问题|类别)(代码|编码)",
    Role.DEPARTMENT: r"department|dept|agency|单位|部门|(处置|责任|主管|专业)(部门|单位)",
    Role.LIMIT: r"(time)?limit|(处置|处理|办理)?时限|处置期限",
    Role.UNIT: r"(limit)?unit|(时限|计时|期限)(单位|类型)",
    Role.EXTENSION: r"extension|extended|(是否)?延期(时间|时长)?",
    Role.VALID: r"valid|accepted|(是否)?(有效|受理)(上报)?",
    Role.RETURNED: r"returned|misdispatched|(是否)?(退回|回退)|派遣错误",
    Role.REWORKED: r"rework(ed|s)?|(是否)?返工(次数|数)?",
    Role.SUSPENDED: rf"(suspended|paused){_AT}|挂账(开始)?(时间)?|暂停时间",
    Role.RESUMED: rf"resumed{_AT}|恢复(时间)?|挂账(结束|恢复)(时间)?",
    Role.DEADLINE: r"deadline|due(at|by)?|(处置)?(截止|到期)(时间)?|应处置时间",
    Role.REPORTED: rf"report(ed)?{_AT}|(上报|发现)(时间)?",
    Role.VERIFY_ASKED: rf"verify(asked|sent){_AT}|核实(任务)?(下发|派发|发送)(时间)?",
    Role.VERIFIED: rf"verif(y|ied){_AT}|核实(完成|反馈)?(时间)?",
    Role.REGISTERED: rf"(register(ed)?|filed|filing){_AT}|立案(时间)?",
    Role.DISPATCHED: rf"dispatch(ed)?{_AT}|(派遣|派发|派单)(时间)?",
    Role.DISPOSED: rf"(dispose(d)?|handled){_AT}|(处置|处理)(完成|反馈)?(时间)?|反馈时间|办结时间",
    Role.CHECK_ASKED: rf"check(asked|sent){_AT}|核查(任务)?(下发|派发|发送)(时间)?",
    Role.CHECKED: rf"check(ed)?{_AT}|核查(完成|反馈)?(时间)?",
    Role.CLOSED: rf"close(d)?{_AT}|结案(时间)?",
}
"""For each role its headers, in small letters without blanks and brackets."""


def roles(names: Sequence[str], chosen: Mapping[Role, str]) -> dict[Role, str]:
    """Role → header. `chosen` names columns outright.

    Raises Refused where one header of two fits a role, where a chosen one is not there, or where none holds the id.
    """
    found: dict[Role, str] = {}
    for role, pattern in _WORDS.items():
        if role in chosen:
            if chosen[role] not in names:
                raise Refused(f"there is no column {chosen[role]!r}; the columns are {_listed(names)}")
            found[role] = chosen[role]
            continue
        fitting = [name for name in names if name not in chosen.values() and re.fullmatch(pattern, _plain(name))]
        if len(fitting) > 1:
            raise Refused(f"columns {_listed(fitting)} may all be the {role}; choose with --column {role}=NAME")
        found.update((role, name) for name in fitting)
    if Role.ID not in found:
        raise Refused(f"none of the columns {_listed(names)} is known as the id; name it with --column id=NAME")
    return found


def known(names: Iterable[str]) -> int:
    """How many of some headers are known words."""
    plain = [_plain(name) for name in names]
    return sum(any(re.fullmatch(pattern, name) for pattern in _WORDS.values()) for name in plain)


def _plain(name: str) -> str:
    return _BLANKS.sub("", name.casefold())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name for name in names if name) or "none"
