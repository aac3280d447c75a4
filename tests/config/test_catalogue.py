"""The catalogue file: what ships can be read and is coherent, and a broken one is named."""

from pathlib import Path

import pytest

from config.catalogue import load_catalogue
from domain.errors import Misconfigured
from domain.metrics import Averaging

GOOD = """\
metrics:
  tilt: {unit: °, zh: 倾角, en: Tilt, low: 0, high: 180}
kinds:
  cover: {zh: 井盖, en: Cover, interval: 24h, metrics: [tilt]}
"""


def faults(tmp_path: Path, good: str, bad: str) -> list[str]:
    assert good in GOOD
    file = tmp_path / "catalogue.yaml"
    file.write_text(GOOD.replace(good, bad), encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_catalogue(file)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_a_good_file_gives_metrics_and_kinds(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text(GOOD, encoding="utf-8")
    catalogue, kinds = load_catalogue(file)
    assert (catalogue["tilt"].high, catalogue["tilt"].averaging, catalogue["tilt"].decimals) == (180, Averaging.MEAN, 1)
    assert (kinds["cover"].interval_s, kinds["cover"].metrics) == (86_400.0, ("tilt",))


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("[tilt]", "[tilt, tlit]", "catalogue.yaml:1: the file: kind cover names unknown metrics tlit; add them under"),
        ("low: 0, ", "", "catalogue.yaml:2: metrics.tilt.low: missing"),
        ("low: 0", "low: 200", "catalogue.yaml:2: metrics.tilt: range [200.0, 180.0] is empty"),
        ("low: 0", "low: .nan", "catalogue.yaml:2: metrics.tilt.low: Input should be a finite number"),
        ("high: 180", "high: .inf", "catalogue.yaml:2: metrics.tilt.high: Input should be a finite number"),
        ("high: 180", "high: 180, averaging: median", "catalogue.yaml:2: metrics.tilt.averaging:"),
        ("24h", "24", "catalogue.yaml:4: kinds.cover.interval: 24 is not a duration"),
        ("24h", "0s", "catalogue.yaml:4: kinds.cover.interval:"),
        ("zh: 井盖, ", "", "catalogue.yaml:4: kinds.cover.zh: missing"),
        ("kinds:", "sorts:", "catalogue.yaml:1: kinds: missing"),
        ("kinds:", "any_kind: [batery]\nkinds:", "catalogue.yaml:1: the file: any_kind names unknown metrics batery"),
    ],
)
def test_a_broken_catalogue_is_named_with_its_line(good: str, bad: str, fault: str, tmp_path: Path) -> None:
    assert any(found.startswith(fault) for found in faults(tmp_path, good, bad))


def test_every_shipped_kind_reports_metrics_of_the_catalogue() -> None:
    catalogue, kinds = load_catalogue()
    assert [(kind.code, metric) for kind in kinds.values() for metric in kind.metrics if metric not in catalogue] == []
    assert all(kind.metrics for kind in kinds.values())


def test_every_shipped_metric_is_reported_by_some_kind() -> None:
    catalogue, kinds = load_catalogue()
    assert set(catalogue.codes) == {metric for kind in kinds.values() for metric in kind.metrics}


def test_levels_in_decibel_are_averaged_by_energy_and_directions_as_vectors() -> None:
    catalogue, _ = load_catalogue()
    assert {
        metric.code for metric in catalogue if metric.unit == "dB(A)" and metric.averaging is not Averaging.ENERGY
    } == set()
    assert catalogue["wind_direction"].averaging is Averaging.VECTOR


def test_every_shipped_name_is_in_both_languages() -> None:
    catalogue, kinds = load_catalogue()
    assert [entry.code for entry in [*catalogue, *kinds.values()] if not (entry.zh and entry.en)] == []


def test_what_any_kind_may_report_is_added_to_what_each_lists_once(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.yaml"
    battery = "  battery: {unit: '%', zh: 电量, en: Battery, low: 0, high: 100}\nany_kind: [battery, tilt]\nkinds:"
    file.write_text(GOOD.replace("kinds:", battery), encoding="utf-8")
    _, kinds = load_catalogue(file)
    assert kinds["cover"].metrics == ("tilt", "battery")


def test_every_shipped_kind_may_say_how_its_battery_and_its_radio_are() -> None:
    _, kinds = load_catalogue()
    assert [kind.code for kind in kinds.values() if not {"battery", "rssi", "snr"} <= set(kind.metrics)] == []
