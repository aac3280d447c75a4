"""What a notice says: Chinese first, English beside it; the place, the value, the limit with its clause, the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.alerts import Alert, AlertMove, AlertTransition
from domain.conditions import Evidence, RuleCard, Severity, Target, TargetKind
from domain.devices import Device, Registry
from domain.places import GRADES, NOISE_ZONES, Named
from notify.settings import Language

COMPARISONS = {"<=": "≤", ">=": "≥"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """The same in both languages."""

    zh: str
    en: str


STATES = {
    AlertMove.OPEN: Phrase(zh="待定", en="pending"),
    AlertMove.HOLD: Phrase(zh="发生", en="raised"),
    AlertMove.VIOLATE_AGAIN: Phrase(zh="再次发生", en="raised again"),
    AlertMove.ACKNOWLEDGE: Phrase(zh="确认", en="acknowledged"),
    AlertMove.RETURN: Phrase(zh="恢复", en="back to normal"),
    AlertMove.RETURN_AND_CLOSE: Phrase(zh="恢复", en="back to normal"),
    AlertMove.LOSE_EVIDENCE: Phrase(zh="数据中断", en="no evidence"),
    AlertMove.REGAIN_EVIDENCE: Phrase(zh="数据恢复", en="evidence again"),
    AlertMove.RETIRE: Phrase(zh="不再监测", en="no longer watched"),
}
"""What happened, in a word."""

COLOURS = {
    Severity.RED: Phrase(zh="红", en="red"),
    Severity.YELLOW: Phrase(zh="黄", en="yellow"),
    Severity.WHITE: Phrase(zh="白", en="white"),
}

NO_READING = Phrase(zh="无数据", en="no reading")


class NoticeWriter:
    """Writes title and body. Knows the city's names; what it does not know it calls by its id."""

    def __init__(self, *, cards: Mapping[str, RuleCard], registry: Registry) -> None:
        self._cards = cards
        self._registry = registry
        self._zone = ZoneInfo(registry.city.timezone)

    def title(self, alert: Alert, transition: AlertTransition, language: Language) -> str:
        colour, state = COLOURS[alert.severity], STATES[transition.move]
        rule, target = self._rule(alert.rule), self._name(alert.target)
        return _in(
            language,
            Phrase(
                zh=f"【{colour.zh}·{state.zh}】{rule.zh} · {target.zh}",
                en=f"[{colour.en}, {state.en}] {rule.en} · {target.en}",
            ),
            joint=" | ",
        )

    def body(self, alert: Alert, transition: AlertTransition, language: Language) -> str:
        lines = self._lines(alert, transition)
        text = Phrase(zh="\n".join(line.zh for line in lines), en="\n".join(line.en for line in lines))
        return _in(language, text, joint="\n\n")

    def _lines(self, alert: Alert, transition: AlertTransition) -> Sequence[Phrase]:
        colour, state, rule = COLOURS[alert.severity], STATES[transition.move], self._rule(alert.rule)
        place, value, clause = self._place(alert.target), value_of(transition.evidence), transition.evidence.clause
        time = transition.at.astimezone(self._zone).isoformat(sep=" ", timespec="seconds")
        return [
            Phrase(zh=f"规则：{rule.zh}（{colour.zh}色）", en=f"Rule: {rule.en} ({colour.en})"),
            Phrase(zh=f"位置：{place.zh}", en=f"Place: {place.en}"),
            Phrase(zh=f"数值：{value.zh}", en=f"Value: {value.en}"),
            Phrase(zh=f"依据：{clause.zh}", en=f"Clause: {clause.en}"),
            Phrase(zh=f"时间：{time}", en=f"Time: {time}"),
            Phrase(zh=f"状态：{state.zh}", en=f"State: {state.en}"),
            *_operator(transition),
            Phrase(zh=f"编号：{alert.id}", en=f"Alert: {alert.id}"),
        ]

    def _rule(self, rule: str) -> Phrase:
        card = self._cards.get(rule)
        return Phrase(zh=card.zh, en=card.en) if card else Phrase(zh=rule, en=rule)

    def _name(self, target: Target) -> Phrase:
        city = self._registry.city
        match target.kind:
            case TargetKind.DEVICE:
                device = self._registry.devices.get(target.id)
                return Phrase(zh=device.zh, en=device.en) if device else _itself(target.id)
            case TargetKind.ROAD:
                return _named(city.roads, target.id)
            case TargetKind.GRADE | TargetKind.DISTRICT | TargetKind.ZONE:
                known = {TargetKind.GRADE: GRADES, TargetKind.DISTRICT: city.districts, TargetKind.ZONE: NOISE_ZONES}
                return _named(known[target.kind], target.id)
            case TargetKind.CELL:
                return Phrase(zh=f"单元网格 {target.id}", en=f"Grid cell {target.id}")
            case TargetKind.CITY:
                return Phrase(zh=city.zh, en=city.en)
            case TargetKind.FEED:
                return Phrase(zh=f"数据源 {target.id}", en=f"Feed {target.id}")

    def _place(self, target: Target) -> Phrase:
        name = self._name(target)
        device = self._registry.devices.get(target.id) if target.kind is TargetKind.DEVICE else None
        if device is None:
            return name
        around = self._around(device)
        return Phrase(
            zh="，".join([f"{name.zh}（{device.id}）", *(part.zh for part in around)]),
            en=", ".join([f"{name.en} ({device.id})", *(part.en for part in around)]),
        )

    def _around(self, device: Device) -> Sequence[Phrase]:
        city = self._registry.city
        known = ((city.roads, device.road), (city.districts, device.district))
        return [_named(places, identifier) for places, identifier in known if identifier is not None]


def value_of(evidence: Evidence) -> Phrase:
    """The value against what is required of it, each with its unit."""
    value = (
        Phrase(zh="无数据", en="no reading") if evidence.value is None else _itself(_amount(evidence.value, evidence))
    )
    if evidence.limit is None:
        return value
    comparison = COMPARISONS.get(evidence.comparison, evidence.comparison)
    required = f"{comparison} {_amount(evidence.limit, evidence)}".strip()
    return Phrase(zh=f"{value.zh}，要求 {required}", en=f"{value.en}, required {required}")


def _amount(number: float, evidence: Evidence) -> str:
    """Up to two decimals, three significant digits below 1; the unit `1` of ratios and states is not written."""
    digits = f"{number:.2f}".rstrip("0").rstrip(".") if abs(number) >= 1 else f"{number:.3g}"
    return digits if evidence.unit in {"", "1"} else f"{digits} {evidence.unit}"


def _operator(transition: AlertTransition) -> Sequence[Phrase]:
    if transition.move is not AlertMove.ACKNOWLEDGE:
        return []
    words = [transition.actor, transition.note] if transition.note else [transition.actor]
    return [Phrase(zh=f"人员：{'：'.join(words)}", en=f"By: {': '.join(words)}")]


def _named(places: Sequence[Named], identifier: str) -> Phrase:
    for place in places:
        if place.id == identifier:
            return Phrase(zh=place.zh, en=place.en)
    return _itself(identifier)


def _itself(text: str) -> Phrase:
    return Phrase(zh=text, en=text)


def _in(language: Language, phrase: Phrase, *, joint: str) -> str:
    match language:
        case Language.CHINESE:
            return phrase.zh
        case Language.ENGLISH:
            return phrase.en
        case Language.BOTH:
            return f"{phrase.zh}{joint}{phrase.en}"
