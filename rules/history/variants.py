"""Advice on dead-band and hold time: the variants of a rule, judged together, and what each would have saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from domain.conditions import Severity
from domain.errors import Refused
from domain.instants import MICROS_PER_S
from rules.entries import MetricEntry
from rules.history.episodes import Episode
from rules.history.matching import match
from rules.loading import RuleSet

FEWEST = 5
"""Of fewer alerts than these nothing can be learnt: a hold time that is long enough saves all of them."""
WORTH_PERCENT = 10.0
"""Fewer alerts saved than this are no reason to change a rule."""
NEARLY = 0.8
"""Of the largest saving: who reaches so much with a shorter hold time is preferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`dead_band` in the unit of the metric; None for kinds that have none. `hold` in seconds."""

    dead_band: float | None
    hold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A setting, and the id of the rule that tries it."""

    rule: str
    setting: Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one setting would have done, against the present one. Delays in seconds; None where nothing matches."""

    setting: Setting
    alerts: int
    saved_percent: float
    """Of the present number of alerts; negative: more of them."""
    delay_median_s: float | None
    """HELD here minus HELD at present, over the alerts that both told."""
    delay_max_s: float | None
    from_violation_median_s: float | None
    """HELD here minus the first violation."""
    from_violation_max_s: float | None
    missed: int
    """Alerts that the present setting told and this one did not."""
    missed_long: int
    """Of those: that lasted long enough to act on them, or were not over yet, so that nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`best` is the present setting where nothing better was found."""

    present: Trial
    trials: Sequence[Trial]
    best: Trial
    act_s: float

    @property
    def is_change(self) -> bool:
        return self.best.setting != self.present.setting


def variants_of(
    ruleset: RuleSet, rule_id: str, *, dead_bands: Sequence[float], holds: Sequence[float]
) -> tuple[RuleSet, Variant, Sequence[Variant]]:
    """Rules that differ in nothing but dead-band and hold time; the present one first, then the whole grid.

    Raises Refused for an unknown rule, and for one of a kind without a hold time.
    """
    rule = next((rule for rule in ruleset.rules if rule.entry.id == rule_id), None)
    if rule is None:
        known = ", ".join(rule.entry.id for rule in ruleset.rules)
        raise Refused(f"there is no rule {rule_id!r}; there are {known}")
    entry = rule.entry
    if not isinstance(entry, MetricEntry):
        raise Refused(f"rule {rule_id} is of kind {entry.kind}: it has no hold time to try; change its own keys")
    has_band = "dead_band" in type(entry).model_fields
    now = Setting(dead_band=getattr(entry, "dead_band", None), hold=entry.hold)
    bands = sorted(set(dead_bands)) if has_band else [None]
    grid = [Setting(dead_band=band, hold=hold) for band in bands for hold in sorted(set(holds))]
    variants = [Variant(rule=f"variant-{number}", setting=setting) for number, setting in enumerate([now, *grid])]
    rules = tuple(replace(rule, entry=_changed(entry, variant)) for variant in variants)
    return replace(ruleset, rules=rules), variants[0], variants[1:]


def advise(
    present: Variant, variants: Sequence[Variant], episodes: Sequence[Episode], *, until: int, act_s: float
) -> Advice:
    """Which setting tells little without missing anything that lasted `act_s` seconds, or coming so much later."""
    by_rule: dict[str, list[Episode]] = {variant.rule: [] for variant in [present, *variants]}
    for episode in episodes:
        by_rule[episode.rule].append(episode)
    told_now = by_rule[present.rule]
    trials = [
        _trial(variant.setting, told_now, by_rule[variant.rule], until=until, act_s=act_s) for variant in variants
    ]
    mine = _trial(present.setting, told_now, told_now, until=until, act_s=act_s)
    return Advice(present=mine, trials=trials, best=_best(mine, trials, act_s), act_s=act_s)


def act_time(severity: Severity, asked_s: float) -> float:
    """How long an alert may last and still be left out: a red one never may."""
    return 0.0 if severity is Severity.RED else asked_s


def _changed(entry: MetricEntry, variant: Variant) -> MetricEntry:
    setting = variant.setting
    update: dict[str, object] = {"id": variant.rule, "hold": setting.hold}
    if setting.dead_band is not None:
        update["dead_band"] = setting.dead_band
    return entry.model_copy(update=update)


def _trial(setting: Setting, present: Sequence[Episode], told: Sequence[Episode], *, until: int, act_s: float) -> Trial:
    found = match(present, told, until=until)
    delays = [pair.delay_s for pair in found.pairs]
    waits = [pair.from_violation_s for pair in found.pairs]
    long = [one for one in found.only_old if one.ended is None or one.ended - one.held >= act_s * MICROS_PER_S]
    return Trial(
        setting=setting,
        alerts=len(told),
        saved_percent=100.0 * (len(present) - len(told)) / len(present) if present else 0.0,
        delay_median_s=median(delays) if delays else None,
        delay_max_s=max(delays, default=None),
        from_violation_median_s=median(waits) if waits else None,
        from_violation_max_s=max(waits, default=None),
        missed=len(found.only_old),
        missed_long=len(long),
    )


def _best(present: Trial, trials: Sequence[Trial], act_s: float) -> Trial:
    """Nearly as few alerts as can be had, at the shortest hold time: waiting longer for the last few is no bargain."""
    fit = [trial for trial in trials if not trial.missed_long and (trial.delay_max_s or 0.0) <= act_s]
    most = max((trial.saved_percent for trial in fit), default=0.0)
    if present.alerts < FEWEST or most < WORTH_PERCENT:
        return present
    near = [trial for trial in fit if trial.saved_percent >= max(WORTH_PERCENT, NEARLY * most)]
    return min(near, key=lambda trial: (trial.setting.hold, trial.alerts, trial.setting.dead_band or 0.0))
