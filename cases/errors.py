"""Why an operator's wish cannot be done, as a code for programs and a sentence in both languages for people."""

from enum import StrEnum

from domain.errors import Refused


class RefusalCode(StrEnum):
    UNKNOWN_ALERT = "unknown-alert"
    ALERT_PENDING = "alert-pending"
    ALERT_CLOSED = "alert-closed"


class CommandRefused(Refused):
    """The alert is not in a state in which this wish means something."""

    def __init__(self, code: RefusalCode, alert_id: str) -> None:
        self.code = code
        self.zh, self.en = _sentences(code, alert_id)
        super().__init__(self.en)


def _sentences(code: RefusalCode, alert_id: str) -> tuple[str, str]:
    match code:
        case RefusalCode.UNKNOWN_ALERT:
            return f"没有编号为 {alert_id} 的报警；请刷新列表", f"there is no alert {alert_id}; reload the list"
        case RefusalCode.ALERT_PENDING:
            return (
                f"报警 {alert_id} 尚在保持计时，还没有发出，无需确认",
                f"alert {alert_id} is still within its hold time; nobody was told, there is nothing to acknowledge",
            )
        case RefusalCode.ALERT_CLOSED:
            return f"报警 {alert_id} 已关闭，无需确认", f"alert {alert_id} is closed; there is nothing to acknowledge"
