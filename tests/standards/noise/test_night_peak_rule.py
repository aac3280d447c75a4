"""The rule on sudden noise at night, as it ships."""

import pytest

from domain.places import NoiseZone
from rules.loading import RuleSet, load_rules
from rules.settings import SHIPPED_LIMITS, SHIPPED_RULES
from rules.standards.noise.standards import SHIPPED_STANDARDS, Kind, Limits, load_standard
from tests.rules.city import CATALOGUE, KINDS, Run, at, meter, registry_of

RULE = "noise-night-peak"
RULES = SHIPPED_RULES.with_name("noise.yaml")


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules([RULES], catalogue=CATALOGUE, kinds=KINDS, limits=SHIPPED_LIMITS)


def signals(rules: RuleSet, clock: str, peak: float) -> list[str]:
    run = Run.of(rules, registry_of(meter("N", "2")))
    begin = at(f"2026-11-22T{clock}")
    run.readings([("N", "lamax", begin + i * 60_000_000, level) for i, level in enumerate([50.0, peak, 50.0])])
    run.tick(begin + 1_200_000_000)
    return [signal for _, signal, _, _ in run.of_rule(RULE)]


def test_a_bang_at_night_15_above_the_limit_is_told_and_one_at_15_is_not(rules: RuleSet) -> None:
    assert signals(rules, "23:00:00", 65.1)[:2] == ["violated", "held"]
    assert signals(rules, "23:00:00", 65.0) == []


def test_by_day_there_is_no_limit_for_a_bang(rules: RuleSet) -> None:
    assert signals(rules, "12:00:00", 95.0) == []


@pytest.mark.parametrize("zone", NoiseZone)
def test_the_table_is_the_night_limit_of_every_zone_and_15(rules: RuleSet, zone: NoiseZone) -> None:
    standard = load_standard(SHIPPED_STANDARDS[Kind.AMBIENT])
    night = at("2026-11-22T23:00:00")
    [(_, limit)] = Limits(standard, zone=zone, place="outdoor", timezone="Asia/Shanghai").peaks_at(night)
    [edition] = rules.tables["gb3096-lmax-night"].editions
    assert edition.limits[zone] == {"night": limit.value}
