"""The adviser: what a longer hold and a wider dead-band can and cannot do, and what is recommended."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.backtest.advising import reason_of
from domain.conditions import Severity
from domain.devices import Registry
from domain.errors import Refused
from domain.instants import MICROS_PER_S
from rules.engine import compile_rules
from rules.history.driving import NEVER_BLIND_S, Drive
from rules.history.episodes import Episode, EpisodeBook
from rules.history.variants import Advice, Setting, Variant, act_time, advise, variants_of
from rules.loading import RuleSet
from tests.backtest.story import episode
from tests.rules.city import Row, at, batch, meter, registry_of, rules_of, shipped, vocabulary_of

START = at("2026-11-22T12:00:00")
CITY = registry_of(meter("NM-1", "2", interval_s=60.0))
END = START + 7200 * MICROS_PER_S


def rule(**more: Any) -> dict[str, Any]:
    return {
        "id": "loud",
        "kind": "threshold",
        "metric": "laeq",
        "unit": "dB(A)",
        "compare": "<=",
        "limit": 60,
        "clear": "30s",
        **more,
    }


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules_of(tmp_path_factory.mktemp("rules"), rule(hold="30s", dead_band=1))


def every_variant(
    ruleset: RuleSet, rows: Sequence[Row], *, dead_bands: Sequence[float], holds: Sequence[float], city: Registry = CITY
) -> dict[Setting, list[Episode]]:
    tried, present, variants = variants_of(ruleset, "loud", dead_bands=dead_bands, holds=holds)
    program = compile_rules(tried, city, vocabulary_of(city), settle_s=0.0, blind_after_s=NEVER_BLIND_S)
    drive, book = Drive(program, start=START, gap_us=None), EpisodeBook()
    book.take(drive.feed(batch(program.vocabulary, rows)))
    book.take(drive.finish(END))
    found: dict[Setting, list[Episode]] = {variant.setting: [] for variant in (present, *variants)}
    by_rule = {variant.rule: variant.setting for variant in variants}
    for told in book.episodes():
        if told.rule in by_rule:
            found[by_rule[told.rule]].append(told)
    return found


@st.composite
def levels(draw: st.DrawFn) -> list[Row]:
    """A meter that hovers around its limit, and is sometimes away for longer than its evidence lasts."""
    moment, rows = START, []
    for level, pause in draw(
        st.lists(
            st.tuples(st.sampled_from([50.0, 57.5, 58.5, 59.5, 60.5, 65.0]), st.sampled_from([10, 20, 60, 200])),
            min_size=1,
            max_size=30,
        )
    ):
        rows.append(("NM-1", "laeq", moment, level))
        moment += pause * MICROS_PER_S
    return rows


HOLDS = (0.0, 20.0, 30.0, 60.0, 120.0)
BANDS = (0.0, 1.0, 2.0, 3.0)


@settings(max_examples=25, deadline=None)
@given(levels())
def test_a_longer_hold_never_tells_more_and_each_of_its_alerts_ends_one_of_the_shorter(
    ruleset: RuleSet, rows: list[Row]
) -> None:
    told = every_variant(ruleset, rows, dead_bands=BANDS, holds=HOLDS)
    for band in BANDS:
        for short, long in pairwise(HOLDS):
            few, many = told[Setting(dead_band=band, hold=long)], told[Setting(dead_band=band, hold=short)]
            assert len(few) <= len(many)
            for one in few:
                assert any(other.held <= one.held and other.ended == one.ended for other in many)


@settings(max_examples=25, deadline=None)
@given(levels())
def test_without_a_hold_time_a_wider_dead_band_never_tells_more(ruleset: RuleSet, rows: list[Row]) -> None:
    told = every_variant(ruleset, rows, dead_bands=BANDS, holds=(0.0,))
    for narrow, wide in pairwise(BANDS):
        few, many = told[Setting(dead_band=wide, hold=0.0)], told[Setting(dead_band=narrow, hold=0.0)]
        assert len(few) <= len(many)
        assert {one.held for one in few} <= {other.held for other in many}


def test_with_a_hold_time_a_wider_dead_band_may_tell_more(ruleset: RuleSet) -> None:
    rows = [("NM-1", "laeq", START + n * 20 * MICROS_PER_S, level) for n, level in enumerate([61, 59.5, 61, 59.5, 50])]
    told = every_variant(ruleset, rows, dead_bands=(0.0, 1.0), holds=(60.0,))
    assert len(told[Setting(dead_band=0.0, hold=60.0)]) == 0
    assert len(told[Setting(dead_band=1.0, hold=60.0)]) == 1


@settings(max_examples=12, deadline=None)
@given(levels())
def test_variants_judged_together_tell_what_each_would_alone(ruleset: RuleSet, rows: list[Row]) -> None:
    together = every_variant(ruleset, rows, dead_bands=BANDS, holds=(0.0, 60.0))
    for setting in (Setting(dead_band=0.0, hold=60.0), Setting(dead_band=3.0, hold=0.0)):
        alone = every_variant(ruleset, rows, dead_bands=[setting.dead_band or 0.0], holds=[setting.hold])
        times = [(one.since, one.held, one.ended) for one in together[setting]]
        assert times == [(one.since, one.held, one.ended) for one in alone[setting]]


def test_the_grid_comes_after_the_present_setting(ruleset: RuleSet) -> None:
    _, present, variants = variants_of(ruleset, "loud", dead_bands=[0, 2], holds=[0.0, 60.0])
    assert present.setting == Setting(dead_band=1.0, hold=30.0)
    assert [(v.setting.dead_band, v.setting.hold) for v in variants] == [(0, 0.0), (0, 60.0), (2, 0.0), (2, 60.0)]


def test_a_kind_without_a_dead_band_varies_the_hold_alone(tmp_path: Path) -> None:
    state = {"id": "open", "kind": "state", "metric": "cover_open", "normal": 0, "hold": "5s"}
    _, present, variants = variants_of(rules_of(tmp_path, state), "open", dead_bands=[0, 2], holds=[0.0, 60.0])
    assert present.setting == Setting(dead_band=None, hold=5.0)
    assert [v.setting.hold for v in variants] == [0.0, 60.0]


def test_a_rule_without_a_hold_time_and_an_unknown_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="it has no hold time"):
        variants_of(shipped(), "device-silent", dead_bands=[0], holds=[0.0])
    with pytest.raises(Refused, match="there is no rule 'nothing'"):
        variants_of(shipped(), "nothing", dead_bands=[0], holds=[0.0])


def advice(present: list[Episode], *trials: tuple[Setting, list[Episode]], act_s: float = 600.0) -> Advice:
    now = Variant(rule="now", setting=Setting(dead_band=1.0, hold=30.0))
    variants = [Variant(rule=f"v{n}", setting=setting) for n, (setting, _) in enumerate(trials)]
    told = [renamed(one, "now") for one in present]
    for variant, (_, episodes) in zip(variants, trials, strict=True):
        told += [renamed(one, variant.rule) for one in episodes]
    return advise(now, variants, told, until=100_000 * MICROS_PER_S, act_s=act_s)


def renamed(one: Episode, name: str) -> Episode:
    return Episode(rule=name, target=one.target, since=one.since, held=one.held, ended=one.ended)


SHORT = [episode(n * 1000 + 30, n * 1000 + 60, since=n * 1000) for n in range(4)]
LONG = episode(6030, 8000, since=6000)


def test_short_alerts_may_go_long_ones_may_not() -> None:
    later = episode(6060, 8000, since=6000)
    found = advice(
        [*SHORT, LONG],
        (Setting(dead_band=1.0, hold=60.0), [later]),
        (Setting(dead_band=1.0, hold=3000.0), []),
    )
    assert found.best.setting.hold == 60.0
    assert (found.best.alerts, found.best.missed, found.best.missed_long) == (1, 4, 0)
    assert found.best.saved_percent == pytest.approx(80.0)
    assert (found.best.delay_median_s, found.best.from_violation_max_s) == (30.0, 60.0)


def test_what_is_told_too_late_to_act_is_not_recommended() -> None:
    late = episode(6000 + 700, 8000, since=6000)
    assert not advice([*SHORT, LONG], (Setting(dead_band=1.0, hold=700.0), [late])).is_change


def test_of_a_handful_of_alerts_nothing_is_advised() -> None:
    long_hold = (Setting(dead_band=1.0, hold=60.0), [])
    assert not advice(SHORT, long_hold).is_change
    assert advice([*SHORT, episode(5030, 5060, since=5000)], long_hold).is_change


def test_what_is_not_over_yet_may_have_lasted() -> None:
    still = episode(99_990, None, since=99_900)
    found = advice([*SHORT, still], (Setting(dead_band=1.0, hold=300.0), []))
    assert (found.trials[0].missed, found.trials[0].missed_long, found.is_change) == (5, 1, False)


def test_the_reason_says_what_is_told_later_only_where_something_is_told() -> None:
    silent = advice([*SHORT, episode(5030, 5060, since=5000)], (Setting(dead_band=1.0, hold=60.0), []))
    assert "延迟" not in reason_of(silent, Severity.WHITE)[0]
    assert "later" not in reason_of(silent, Severity.WHITE)[1]
    later = (Setting(dead_band=1.0, hold=60.0), [episode(6060, 8000, since=6000)])
    assert "told later by 30 s in the median" in reason_of(advice([*SHORT, LONG], later), Severity.WHITE)[1]
    assert "a red rule" in reason_of(advice([*SHORT, LONG], later, act_s=0.0), Severity.RED)[1]
    assert "只有 4 次告警" in reason_of(advice(SHORT, later), Severity.RED)[0]


def test_a_saving_of_less_than_a_tenth_is_no_reason() -> None:
    many = [episode(n * 100 + 30, n * 100 + 60, since=n * 100) for n in range(20)]
    assert not advice(many, (Setting(dead_band=1.0, hold=60.0), many[1:])).is_change


def test_a_red_rule_may_miss_nothing() -> None:
    assert act_time(Severity.RED, 600.0) == 0.0
    assert not advice([*SHORT, LONG], (Setting(dead_band=1.0, hold=60.0), [LONG]), act_s=0.0).is_change


def test_the_shortest_hold_that_nearly_saves_the_most_then_the_fewest_alerts_then_the_narrower_dead_band() -> None:
    found = advice(
        [*SHORT, LONG],
        (Setting(dead_band=3.0, hold=60.0), [SHORT[0], LONG]),
        (Setting(dead_band=2.0, hold=60.0), [LONG]),
        (Setting(dead_band=1.0, hold=60.0), [LONG]),
        (Setting(dead_band=0.0, hold=120.0), [LONG]),
    )
    assert found.best.setting == Setting(dead_band=1.0, hold=60.0)


def test_the_last_few_percent_are_not_worth_a_longer_hold() -> None:
    nearly = [SHORT[0], LONG]
    many = [*SHORT, *(episode(20_000 + n * 100, 20_050 + n * 100) for n in range(6)), LONG]
    found = advice(many, (Setting(dead_band=1.0, hold=60.0), nearly), (Setting(dead_band=1.0, hold=300.0), [LONG]))
    assert found.best.setting.hold == 60.0
