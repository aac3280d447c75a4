"""The adviser: all variants of one rule over the readings in one pass, and what they come to."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from citybrain.backtest.running import Plan, Progress, run_rules
from citybrain.backtest.source import Source
from citybrain.backtest.subject import Subject
from citybrain.backtest.words import span
from domain.conditions import Severity
from domain.instants import from_micros, iso
from rules.history.variants import FEWEST, Advice, Trial, act_time, advise, variants_of
from rules.loading import RuleSet

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`act_s`: an alert that lasted this long must still be told, and be told no later than that."""

    rule: str
    dead_bands: tuple[float, ...]
    holds: tuple[float, ...]
    act_s: float


def advice_on(
    question: Question, ruleset: RuleSet, subject: Subject, source: Source, plan: Plan, progress: Progress
) -> tuple[Advice, Json]:
    """The advice, and the same as an object for `--json`. Raises Refused for a rule that has no hold time."""
    tried, present, variants = variants_of(ruleset, question.rule, dead_bands=question.dead_bands, holds=question.holds)
    outcome = run_rules(tried, subject.registry, source, plan, progress)
    severity = tried.rules[0].entry.severity
    act_s = act_time(severity, question.act_s)
    advice = advise(present, variants, outcome.episodes, until=plan.period.end, act_s=act_s)
    return advice, {
        "rule": question.rule,
        "severity": severity,
        "unit": outcome.cards[present.rule].unit,
        "since": iso(from_micros(plan.period.start)),
        "until": iso(from_micros(plan.period.end)),
        "readings": outcome.census.read,
        "act_s": act_s,
        "present": _trial(advice.present),
        "trials": [_trial(trial) for trial in advice.trials],
        "recommended": _trial(advice.best),
        "change": advice.is_change,
        "reason": dict(zip(("zh", "en"), reason_of(advice, severity), strict=True)),
    }


def reason_of(advice: Advice, severity: Severity) -> tuple[str, str]:
    """Why this setting, in both languages, with the numbers."""
    best, now = advice.best, advice.present
    red = severity is Severity.RED
    if not now.alerts:
        return (
            "该时段内现行设定没有告警，无从比较。",
            "The present setting told nothing in this time: nothing to compare.",
        )
    if now.alerts < FEWEST:
        return (
            f"该时段内现行设定只有 {now.alerts} 次告警，不足 {FEWEST} 次，不作建议；请取更长的时段（--since）。",
            f"The present setting told only {now.alerts}, fewer than {FEWEST}: no advice; take more time (--since).",
        )
    if not advice.is_change:
        zh = (
            "红色规则不允许漏报或推迟"
            if red
            else f"没有一种设定既能减少至少一成告警，又不漏报持续 {span(advice.act_s)} 以上的情况"
        )
        en = (
            "a red rule may neither miss an alert nor tell it later"
            if red
            else f"no other saves a tenth of the alerts without missing one that lasted {span(advice.act_s)}"
        )
        return f"保持现行设定：{zh}。", f"Keep the present setting: {en}."
    short = span(advice.act_s)
    missed_zh = f"未报的 {best.missed} 次均短于 {short}（来不及处置）" if best.missed else "一次不漏"
    missed_en = (
        f"the {best.missed} not told all lasted less than {short}, too short to act"
        if best.missed
        else "none is missed"
    )
    delay_zh, delay_en = _delay_words(best)
    zh = (
        f"建议 {setting_words(best)}：告警由 {now.alerts} 降为 {best.alerts}（少 {best.saved_percent:.0f} %）；"
        f"{missed_zh}{delay_zh}。"
    )
    en = (
        f"Take {setting_words(best)}: {now.alerts} alerts become {best.alerts} ({best.saved_percent:.0f} % fewer); "
        f"{missed_en}{delay_en}."
    )
    return zh, en


def _delay_words(best: Trial) -> tuple[str, str]:
    """How much later it tells what it tells; nothing of a setting that tells nothing."""
    if best.delay_median_s is None:
        return "", ""
    median, most = span(best.delay_median_s), span(best.delay_max_s)
    return f"；延迟中位 {median}，最长 {most}", f"; told later by {median} in the median, {most} at most"


def setting_words(trial: Trial) -> str:
    """As one writes it in a rules file."""
    setting = trial.setting
    band = "" if setting.dead_band is None else f"dead_band: {setting.dead_band:g}, "
    return f"{band}hold: {setting.hold:g}s"


def trials_table(advice: Advice) -> Table:
    """The grid, the present setting first, the recommended one marked."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (
        "",
        "回差 dead-band",
        "保持 hold",
        "告警 alerts",
        "节省 saved %",
        "延迟中位 delay median",
        "最大 max",
        "自违规起 from violation",
        "未报 missed",
        f"其中 ≥ {span(advice.act_s)}",
    ):
        table.add_column(title, justify="right")
    for trial in (advice.present, *advice.trials):
        table.add_row(*_cells(trial, advice))
    return table


def _cells(trial: Trial, advice: Advice) -> Iterator[str]:
    is_present = trial is advice.present
    yield "现行 now" if is_present else "→" if advice.is_change and trial.setting == advice.best.setting else ""
    yield "–" if trial.setting.dead_band is None else f"{trial.setting.dead_band:g}"
    yield span(trial.setting.hold)
    yield str(trial.alerts)
    yield "" if is_present else f"{trial.saved_percent:.0f}"
    yield span(trial.delay_median_s)
    yield span(trial.delay_max_s)
    yield span(trial.from_violation_median_s)
    yield str(trial.missed)
    yield str(trial.missed_long)


def _trial(trial: Trial) -> Json:
    plain = asdict(trial)
    return {**plain.pop("setting"), **{name: round(v, 3) if isinstance(v, float) else v for name, v in plain.items()}}
