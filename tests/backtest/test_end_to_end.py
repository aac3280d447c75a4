"""From what the engine stored to the report: the same alerts, compared with the records, in every form."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.alerts import AlertMove
from domain.instants import iso
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.app.engine_room import NOON
from tests.app.installation import Site
from tests.app.terminal import Terminal

SPAN = ("--since", "2026-06-01T12:00:00+08:00", "--until", "2026-06-01T12:20:00+08:00")


def backtest(terminal: Terminal, *arguments: object) -> dict[str, Any]:
    ran = terminal.run("backtest", *arguments, "--json")
    assert ran.code == 0, ran.err
    [report] = ran.rows
    return report


@pytest.fixture
def held(lived: Site) -> set[tuple[str, str, str]]:
    """Rule, target and time of every activation that the engine recorded."""
    records = Records.open(f"sqlite:///{lived.data}/records.db", settings=RecordsSettings())
    with records.snapshot() as books:
        found = {
            (alert.rule, str(alert.target), iso(move.at))
            for alert in books.alerts.list(open_only=False, limit=1000).alerts
            for move in books.alerts.transitions(alert.id)
            if move.move in {AlertMove.HOLD, AlertMove.VIOLATE_AGAIN}
        }
    records.close()
    return found


def told(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(row["rule"], row["target"], row["held"]) for row in report["listed"]}


def test_the_installed_rules_over_its_own_store_tell_what_was_told(
    lived: Site, terminal: Terminal, held: set[tuple[str, str, str]]
) -> None:
    report = backtest(terminal, "--config", lived.file, *SPAN)
    assert len(held) >= 5
    assert told(report) == held
    assert report["comparison"]["only_old"] == report["comparison"]["only_new"] == 0
    assert report["comparison"]["delay_min"]["max"] == 0.0


def test_where_no_engine_runs_the_time_ends_with_the_last_reading(
    lived: Site, terminal: Terminal, held: set[tuple[str, str, str]]
) -> None:
    """Else whatever was stopped for longer than a device may be silent would be a city of silent devices."""
    report = backtest(terminal, "--config", lived.file, "--since", "1d")
    [newest] = terminal.run("readings", "--config", lived.file, "--newest", "--limit", "1", "--json").rows
    assert report["until"] == newest["at"]
    assert {row[:2] for row in told(report)} == {row[:2] for row in held}


def test_history_that_was_sent_on_purpose_is_told_and_not_judged(
    lived: Site, terminal: Terminal, tmp_path: Path
) -> None:
    rows = terminal.run("readings", "--config", lived.file, "--json", "--limit", "100000").rows
    file = tmp_path / "readings.ndjson"
    file.write_text("".join(json.dumps({**row, "live": False}) + "\n" for row in rows), encoding="utf-8")
    ran = terminal.run("backtest", "--config", lived.file, "--readings", file)
    assert ran.code != 0
    assert f"{len(rows):,} readings" in ran.err
    assert "as history, which no rule judges" in ran.err
    mixed = [{**row, "live": row["metric"] != "laeq"} for row in rows]
    file.write_text("".join(json.dumps(row) + "\n" for row in mixed), encoding="utf-8")
    report = backtest(terminal, "--config", lived.file, "--readings", file, "--gap", "0s")
    assert report["readings"]["history"] == sum(not row["live"] for row in mixed) > 0
    assert not any(row["rule"].startswith("noise") for row in report["listed"])


def test_new_rules_are_compared_with_the_records_of_the_same_metric(
    lived: Site, terminal: Terminal, stricter: Path
) -> None:
    report = backtest(terminal, "--config", lived.file, "--rules", stricter, *SPAN)
    found = report["comparison"]
    assert {row["target"] for row in report["listed"]} == {"device:NM-1"}
    assert report["alerts"] == found["both_new"] == 2
    assert "cover-open" not in found["only_old_by_rule"]
    assert found["only_old_by_rule"] and all(rule.startswith("noise") for rule in found["only_old_by_rule"])
    assert 0.0 <= found["delay_min"]["min"] <= found["delay_min"]["max"] == 0.5


def test_old_rules_run_over_the_same_readings_instead_of_the_records(
    lived: Site, terminal: Terminal, stricter: Path
) -> None:
    report = backtest(terminal, "--config", lived.file, "--against", stricter, *SPAN)
    assert report["comparison"]["against"] == str(stricter)
    assert report["comparison"]["old"] == report["comparison"]["both_old"] == 2


def test_the_exported_readings_tell_the_same_alerts_as_the_store(
    lived: Site, terminal: Terminal, tmp_path: Path
) -> None:
    exported = terminal.run("readings", "--config", lived.file, "--limit", "100000", "--json").out.splitlines()
    file = tmp_path / "readings.ndjson"
    file.write_text("\n".join(reversed(exported)) + "\n", encoding="utf-8")
    from_file = backtest(terminal, "--readings", file, "--config", lived.file, *SPAN)
    assert told(from_file) == told(backtest(terminal, "--config", lived.file, *SPAN))
    assert from_file["comparison"] is None


def test_unknown_devices_of_a_file_are_counted_and_named(lived: Site, terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    file.write_text(
        "device,metric,at,value\nNM-1,laeq,2026-06-01T04:00:00Z,50\nSTRANGER,laeq,2026-06-01T04:01:00Z,99\n"
    )
    devices = lived.folder / "city" / "devices.yaml"
    report = backtest(terminal, "--readings", file, "--devices", devices, "--config", lived.file)
    assert report["readings"]["unknown_devices"] == {"STRANGER": 1}
    assert "STRANGER" in terminal.run("backtest", "--readings", file, "--config", lived.file).out


def test_the_figures_of_a_report_agree_with_each_other(lived: Site, terminal: Terminal) -> None:
    report = backtest(terminal, "--config", lived.file, *SPAN, "--operators", 2)
    number = report["alerts"]
    assert number == sum(rule["alerts"] for rule in report["rules"])
    assert number == sum(sum(row) for row in report["hours"])
    assert number == sum(day[colour] for day in report["by_day"] for colour in ("red", "yellow", "white"))
    assert number == sum(split["alerts"] for split in report["priorities"].values())
    assert report["load"]["per_10_min"] == pytest.approx(number / 2 / 2, abs=1e-4)
    assert report["load"]["windows"] == 2
    assert report["hours"][0][12] == number  # a Monday, at noon of the city
    places = report["places"]
    assert sum(row["alerts"] for row in places["targets"]) == number
    assert {row["id"] for row in places["districts"]} == {"north"}


def test_warm_up_is_judged_and_not_counted(lived: Site, terminal: Terminal) -> None:
    late = ("--since", "2026-06-01T12:04:00+08:00", *SPAN[2:])
    cold = backtest(terminal, "--config", lived.file, *late)
    warm = backtest(terminal, "--config", lived.file, *late, "--warm-up", "4m")
    loud = [row for row in cold["listed"] if row["target"] == "device:NM-1" and row["rule"] == "noise-zone"]
    assert loud[0]["held"] == "2026-06-01T04:04:30.000Z"  # the violation of 12:02, seen too late
    assert loud[0]["held"] not in {row["held"] for row in warm["listed"] if row["target"] == "device:NM-1"}
    assert warm["standing_at_begin"] >= 1


def test_the_report_for_people_says_it_in_both_languages(lived: Site, terminal: Terminal) -> None:
    out = terminal.run("backtest", "--config", lived.file, *SPAN).out
    assert "告警 alerts" in out and "noise-zone" in out
    assert "要求过高 over-demanding" in out or "可应对 manageable" in out
    assert "检出延迟 detection delay" in out


def test_the_html_report_is_one_file_that_asks_for_nothing(lived: Site, terminal: Terminal, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert terminal.run("backtest", "--config", lived.file, *SPAN, "--html", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "default-src 'none'" in text
    assert not any(word in text for word in ("http:", "https:", "<script", "src=", "@import", "url("))
    assert text.count("<svg") == 3
    assert all(word in text for word in ("规则回测报告", "告警清单与依据", "GB 3096-2008", "device:NM-1"))


def test_the_adviser_tries_the_grid_in_one_pass(lived: Site, terminal: Terminal) -> None:
    common = ("adviser", "--rule", "noise-zone", "--config", lived.file, *SPAN, "--dead-bands", "0,2")
    ran = terminal.run(*common, "--holds", "0s,30s,10m", "--json")
    assert ran.code == 0, ran.err
    [advice] = ran.rows
    assert [(t["dead_band"], t["hold"]) for t in advice["trials"]] == [
        (0.0, 0.0), (0.0, 30.0), (0.0, 600.0), (2.0, 0.0), (2.0, 30.0), (2.0, 600.0)
    ]  # fmt: skip
    by_hold = {t["hold"]: t["alerts"] for t in advice["trials"] if t["dead_band"] == 2.0}
    assert by_hold[0.0] >= by_hold[30.0] >= by_hold[600.0]
    assert advice["present"]["alerts"] >= 2
    assert advice["reason"]["zh"] and advice["reason"]["en"]
    assert "回差 dead-band" in terminal.run(*common).out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "is no time"),
        (("--gap", "90s"), "at least 2m"),
        (("--since", "2026-06-02T00:00:00Z", "--until", "2026-06-01T00:00:00Z"), "does not lie before the end"),
    ],
)
def test_what_is_no_time_is_told(lived: Site, terminal: Terminal, arguments: tuple[str, ...], words: str) -> None:
    ran = terminal.run("backtest", "--config", lived.file, *arguments)
    assert ran.code == 2
    assert words in " ".join(ran.err.split())


def test_a_time_without_readings_is_no_praise_of_the_rules(lived: Site, terminal: Terminal) -> None:
    ran = terminal.run(
        "backtest", "--config", lived.file, "--since", "2026-07-01T00:00:00Z", "--until", "2026-07-02T00:00:00Z"
    )
    assert ran.code == 1
    assert "holds no readings" in ran.err and "from 2026-06-01T04:00:00.000Z to 2026-06-01T04:19:50.000Z" in ran.err


def test_a_file_of_readings_needs_to_know_its_devices(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readings.ndjson").write_text(
        json.dumps({"device": "A", "metric": "laeq", "at": iso(NOON), "value": 1})
    )
    ran = terminal.run("backtest", "--readings", "readings.ndjson")
    assert ran.code == 2 and "give --devices FILE" in ran.err


def test_of_a_single_alert_no_advice_comes(lived: Site, terminal: Terminal) -> None:
    ran = terminal.run("adviser", "--rule", "cover-open", "--config", lived.file, *SPAN, "--holds", "5m", "--json")
    assert ran.rows[0]["change"] is False
    assert "only 1, fewer than 5" in ran.rows[0]["reason"]["en"]


def test_a_report_without_a_place_to_go_is_refused_before_anything_is_judged(
    lived: Site, terminal: Terminal, tmp_path: Path
) -> None:
    ran = terminal.run("backtest", "--config", lived.file, *SPAN, "--html", tmp_path / "nowhere" / "report.html")
    assert ran.code == 1
    assert "there is no folder" in ran.err and "Traceback" not in ran.err
    ran = terminal.run("backtest", "--config", lived.file, *SPAN, "--html", "/proc/version")
    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_times_are_told_by_the_clock_of_the_city(lived: Site, terminal: Terminal) -> None:
    ran = terminal.run("backtest", "--config", lived.file, *SPAN)
    assert "2026-06-01 12:00:00 – 2026-06-01 12:20:00（" in ran.out
