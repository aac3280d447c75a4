"""What is easily got wrong in the standards, tried from the outside: by files and the command line."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from citybrain.cli import main


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    out, err = capsys.readouterr()
    assert not ended.value.code, err
    return json.loads(out)


def hours(first: str, count: int) -> list[datetime]:
    return [datetime.fromisoformat(first) + timedelta(hours=hour) for hour in range(count)]


def air(capsys: pytest.CaptureFixture[str], folder: Path, first: str, count: int, **values: float) -> Any:
    """A file whose hours begin at `first`, each pollutant with one value throughout."""
    rows = [",".join([f"{moment:%Y-%m-%d %H:%M}", *map(str, values.values())]) for moment in hours(first, count)]
    file = folder / "air.csv"
    file.write_text("\n".join([",".join(["begin", *values]), *rows]) + "\n")
    return told(capsys, "assess", "air", str(file))


def noise(
    capsys: pytest.CaptureFixture[str], folder: Path, rows: list[str], *options: str, header: str = "begin,leq"
) -> Any:
    file = folder / "noise.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return told(capsys, "assess", "noise", str(file), *options)


SIX = {"so2": 8, "no2": 30, "co": 0.5, "o3": 60, "pm10": 120, "pm2_5": 61}


def test_the_night_in_which_the_editions_change_is_cut_at_midnight_in_the_stations_zone_not_in_utc(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = air(capsys, tmp_path, "2026-02-28 00:00", 48, **SIX)
    used = {one["begin"]: one["edition"] for one in found["hourly"]}
    assert used["2026-02-28T15:00:00.000Z"] == "hj633-2012"
    assert used["2026-02-28T16:00:00.000Z"] == "hj633-2026"
    assert [(one["date"], one["edition"], one["aqi"], one["primary"]) for one in found["daily"]] == [
        ("2026-02-28", "hj633-2012", 85, ["pm10"]),
        ("2026-03-01", "hj633-2026", 101, ["pm2_5"]),
    ]
    [particles] = [one for one in found["compliance"] if one["pollutant"] == "pm2_5"]
    assert (particles["valid"], particles["compliant"]) == (2, [0, 1])  # 61 keeps 75 and not 60


def test_the_transition_ends_with_2030(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = air(capsys, tmp_path, "2030-12-31 00:00", 48, so2=51, no2=51, pm10=101, pm2_5=51)
    kept = {one["pollutant"]: one["compliant"][1] for one in found["compliance"] if one["mean"] == "day"}
    assert kept == {"so2": 1, "no2": 1, "pm10": 1, "pm2_5": 1}  # the first day keeps 150, 80, 120 and 60
    assert {one["edition"] for one in found["compliance"]} == {"gb3095-2026"}


def test_the_hour_of_2026_takes_particles_of_one_hour_and_that_of_2012_waits_for_twenty(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert air(capsys, tmp_path, "2026-06-01 00:00", 1, **SIX)["hourly"][0]["sub"]["pm2_5_1h"] == 101
    old = air(capsys, tmp_path, "2025-06-01 00:00", 20, **SIX)["hourly"]
    assert ["pm2_5_24h" in one["sub"] for one in old] == [False] * 19 + [True]
    assert "pm2_5_1h" not in old[19]["sub"]


def test_with_a_pollutant_missing_a_day_is_na_up_to_100_and_no_zero_stands_in(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    without = {name: value for name, value in SIX.items() if name != "co"}
    assert air(capsys, tmp_path, "2026-06-01 00:00", 24, **without)["daily"][0]["aqi"] == 101
    [day] = air(capsys, tmp_path, "2026-06-01 00:00", 24, **{**without, "pm2_5": 60})["daily"]
    assert (day["aqi"], day["highest"], day["missing"], day["primary"]) == (None, 100, ["co"], [])


def test_ozone_of_eight_hours_reaches_back_before_midnight(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [(moment, 200 if moment.day == 1 and moment.hour >= 20 else 20) for moment in hours("2026-06-01 00:00", 48)]
    file = tmp_path / "air.csv"
    file.write_text("begin,o3\n" + "".join(f"{moment:%Y-%m-%d %H:%M},{value}\n" for moment, value in rows))
    first, second = told(capsys, "assess", "air", str(file))["daily"]
    assert first["values"]["o3"]["value"] == (4 * 200 + 4 * 20) / 8  # 16 to 24 o'clock
    assert second["values"]["o3"]["value"] == 20.0  # the window ending 08:00 is the first of the day


@pytest.mark.parametrize(("zone", "outcome"), [("4a", "not-compliant"), ("4b", "compliant")])
def test_a_night_of_58_db_breaks_the_limit_at_the_road_and_keeps_it_at_the_new_railway(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, zone: str, outcome: str
) -> None:
    rows = [f"{moment:%Y-%m-%d %H:%M},58" for moment in hours("2026-06-01 22:00", 8)]
    [day] = noise(capsys, tmp_path, rows, "--zone", zone)["daily"]
    assert (day["date"], day["ln"], day["verdicts"]["ln"]["outcome"]) == ("2026-06-01", 58.0, outcome)
    assert day["verdicts"]["ln"]["limit"] == {"4a": 55.0, "4b": 60.0}[zone]


@pytest.mark.parametrize(("peak", "outcome"), [(65.0, "compliant"), (65.1, "not-compliant")])
def test_a_bang_at_night_is_held_against_the_night_limit_and_15_whatever_ln_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, peak: float, outcome: str
) -> None:
    rows = [f"{moment:%Y-%m-%d %H:%M},45,{peak if moment.hour == 3 else 50}" for moment in hours("2026-06-01 22:00", 8)]
    [day] = noise(capsys, tmp_path, rows, "--zone", "2", header="begin,leq,lmax")["daily"]
    assert (day["verdicts"]["ln"]["outcome"], day["verdicts"]["lmax_night"]["outcome"]) == ("compliant", outcome)
    assert day["verdicts"]["lmax_night"]["limit"] == 65.0


def test_placeholders_never_quieten_a_night(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    odd = {23: "-99", 0: "—", 1: "0"}
    rows = [f"{moment:%Y-%m-%d %H:%M},{odd.get(moment.hour, '52')}" for moment in hours("2026-06-01 22:00", 8)]
    [day] = noise(capsys, tmp_path, rows, "--hours-of-night", "5")["daily"]
    assert (day["ln"], day["night_hours"]) == (52.0, 5)


def test_the_loud_tail_is_l10_also_in_what_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [f"2026-06-01 10:{minute:02d},{80 if minute < 6 else 50 + minute / 100}" for minute in range(60)]
    [hour] = noise(capsys, tmp_path, rows)["hourly"]
    assert hour["l5"] == 80.0
    assert hour["l10"] > hour["l50"] > hour["l90"]


def test_ld_is_a_mean_of_energy_over_16_hours_and_the_whole_day_is_not_the_plain_mean(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = [
        f"{moment:%Y-%m-%d %H:%M},{62 if 6 <= moment.hour < 22 else 55}" for moment in hours("2026-06-01 06:00", 24)
    ]
    [day] = noise(capsys, tmp_path, rows)["daily"]
    assert (day["ld"], day["ln"], day["ldn"]) == (62.0, 55.0, pytest.approx(63.24, abs=0.005))
    loud = [f"{moment:%Y-%m-%d %H:%M},{90 if moment.hour == 12 else 50}" for moment in hours("2026-06-01 06:00", 16)]
    [day] = noise(capsys, tmp_path, loud)["daily"]
    assert day["ld"] == pytest.approx(77.966, abs=0.001)  # 10·lg[(10⁹ + 15·10⁵)/16]; the arithmetic mean is 52.5
