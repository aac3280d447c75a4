"""Unknown devices are listed as the quarantine knows them, and become devices or aliases when somebody says so."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.instants import MICROS_PER_S, to_micros
from domain.messages import Quarantined, Reason
from store.records.records import Records
from tests.app.engine_room import NOON, EngineRoom
from tests.app.installation import Site
from tests.app.terminal import Ran, Terminal


class Adopting:
    """`citybrain devices adopt` of an installation whose quarantine holds what strangers sent."""

    def __init__(self, site: Site, terminal: Terminal) -> None:
        self.site = site
        self._terminal = terminal

    def hear(self, *payloads: tuple[str, str], reason: Reason = Reason.UNKNOWN_DEVICE) -> None:
        """Name on the topic and payload of messages that came a second after the other."""
        entries = [
            Quarantined(
                feed="city",
                topic=f"citybrain/v1/up/{name}",
                payload=payload.encode(),
                received=to_micros(NOON) + second * MICROS_PER_S,
                reason=reason,
                detail="not in the registry",
            )
            for second, (name, payload) in enumerate(payloads)
        ]
        self.keep(*entries)

    def keep(self, *entries: Quarantined) -> None:
        settings = self.site.settings()
        records = Records.open(settings.records.url_in(settings.data), settings=settings.records)
        with records.transaction() as books:
            books.quarantine.add(entries)
        records.close()

    def run(self, *words: str) -> Ran:
        return self._terminal.run("devices", "adopt", *words, "--config", self.site.file)

    def listed(self, *words: str) -> dict[str, Any]:
        return {row["name"]: row for row in self.run(*words, "--json").rows}

    def installed(self) -> dict[str, dict[str, Any]]:
        file = self.site.folder / "city" / "devices.yaml"
        return {entry["id"]: entry for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["devices"]}


@pytest.fixture
def adopting(site: Site, empty_records: Path, terminal: Terminal) -> Adopting:
    site.data.mkdir()
    shutil.copy(empty_records, site.data / "records.db")
    return Adopting(site, terminal)


NOISE = '{"v": {"laeq": 50, "lamax": 60}}'


def test_strangers_are_listed_with_what_is_known_of_them(adopting: Adopting) -> None:
    adopting.hear(("NM-9", NOISE), ("X-1", '{"v": {"tilt": 1}}'), ("NM-9", '{"v": {"laeq": 51}}'), ("NM-1", NOISE))
    found = adopting.listed()
    assert list(found) == ["NM-9", "X-1"]
    assert found["NM-9"] == {
        "name": "NM-9",
        "feed": "city",
        "topic": "citybrain/v1/up/NM-9",
        "messages": 2,
        "metrics": {"laeq": 2, "lamax": 1},
        "kinds": ["noise_meter"],
        "first": "2026-06-01T04:00:00.000Z",
        "last": "2026-06-01T04:00:02.000Z",
    }
    assert found["X-1"]["kinds"] == ["manhole_cover"]


def test_a_batch_of_a_gateway_names_each_of_its_strangers(adopting: Adopting) -> None:
    entry = Quarantined(
        feed="city",
        topic="citybrain/v1/batch/GW-1",
        payload=b'[{"device":"A-1","v":{"laeq":50}},{"device":"NM-1","v":{"laeq":50}},{"device":"A-2","v":{"rain":0}}]',
        received=0,
        reason=Reason.UNKNOWN_DEVICE,
        detail="",
    )
    adopting.keep(entry)
    found = adopting.listed()
    assert sorted(found) == ["A-1", "A-2"]
    assert found["A-2"]["kinds"] == ["noise_meter", "air_station"]


def test_what_cannot_be_read_and_other_reasons_name_no_stranger(adopting: Adopting) -> None:
    adopting.hear(("NM-9", "{"))
    adopting.hear(("NM-8", NOISE), reason=Reason.OUT_OF_RANGE)
    assert adopting.run().out == "没有记录 · nothing to show\n"


def test_people_get_a_table_of_strangers(adopting: Adopting) -> None:
    adopting.hear(("NM-9", NOISE))
    out = adopting.run().out
    assert "名称 name" in out and "laeq lamax" in out and "noise_meter" in out


def test_a_stranger_becomes_a_device_when_somebody_says_what_it_is(adopting: Adopting) -> None:
    adopting.hear(("NM-9", NOISE))
    words = ("NM-9", "--kind", "noise_meter", "--zh", "新点", "--en", "New", "--lon", "112.51", "--lat", "30.91")
    assert "NM-9" not in adopting.installed() and adopting.run(*words).code == 0
    assert "NM-9" not in adopting.installed()
    ran = adopting.run(*words, "--apply")
    assert ran.code == 0 and "citybrain quarantine redrive --reason unknown-device" in ran.out
    wanted = {"id": "NM-9", "kind": "noise_meter", "zh": "新点", "en": "New", "lon": 112.51, "lat": 30.91}
    assert adopting.installed()["NM-9"] == wanted
    assert adopting.listed() == {}


def test_a_device_that_nobody_placed_says_so_in_its_name(adopting: Adopting) -> None:
    adopting.run("NM-9", "--kind", "noise_meter", "--apply")
    device = adopting.installed()["NM-9"]
    assert (device["lon"], device["lat"]) == (112.5, 30.9)
    assert device["zh"].endswith("NM-9（位置待定）") and device["en"].endswith("NM-9 (unplaced)")


def test_a_name_that_can_be_no_id_becomes_an_alias(adopting: Adopting) -> None:
    ran = adopting.run("group/edge/7", "--kind", "noise_meter")
    assert ran.code == 1 and "give one with --id" in ran.err
    adopting.run("group/edge/7", "--kind", "noise_meter", "--id", "NM-7", "--apply")
    assert adopting.installed()["NM-7"]["aliases"] == ["group/edge/7"]


def test_a_stranger_may_be_a_device_that_is_known_by_another_name(adopting: Adopting) -> None:
    adopting.hear(("24E124743D402DAB", NOISE))
    assert list(adopting.listed()) == ["24e124743d402dab"]
    for name in ("24E124743D402DAB", "24-e1-24-74-3d-40-2d-ab", "dev-9"):
        assert adopting.run(name, "--as-alias-of", "NM-1", "--apply").code == 0
    assert adopting.installed()["NM-1"]["aliases"] == ["24E124743D402DAB", "dev-9"]
    assert adopting.listed() == {}


def test_all_that_fit_a_pattern_are_adopted_at_once(adopting: Adopting) -> None:
    adopting.hear(("NM-8", NOISE), ("NM-9", NOISE), ("X-1", NOISE))
    assert list(adopting.listed("--pattern", "NM-*")) == ["NM-8", "NM-9"]
    ran = adopting.run("--all", "--pattern", "NM-*", "--kind", "noise_meter", "--apply")
    assert ran.code == 0
    assert {"NM-8", "NM-9"} <= adopting.installed().keys() and "X-1" not in adopting.installed()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("NM-1", "--kind", "noise_meter"), 1, "NM-1 is in the registry already"),
        (("NM-9", "--kind", "noise_metre"), 1, "kind 'noise_metre' is not known; known are"),
        (("NM-9", "--kind", "noise_meter", "--lon", "112.5"), 1, "give both --lon and --lat"),
        (("NM-9", "--kind", "noise_meter", "--lon", "30.9", "--lat", "12.5"), 1, "km from the centre"),
        (("NM-9", "--as-alias-of", "NM-99"), 1, "device 'NM-99' is not in the registry"),
        (("a#b", "--as-alias-of", "NM-1"), 1, "cannot name a device"),
        (("LP-1", "--as-alias-of", "NM-1"), 1, "alias 'LP-1' is the id of device LP-1"),
        (("--all", "--pattern", "Z*", "--kind", "lamp"), 1, "nobody unknown is called like 'Z*'"),
        (("NM-9",), 2, "say what it is"),
        (("--all",), 2, "say what it is"),
        (("NM-9", "--kind", "lamp", "--as-alias-of", "NM-1"), 2, "say what it is"),
    ],
)
def test_a_wish_that_cannot_be_met_says_why(adopting: Adopting, words: tuple[str, ...], code: int, said: str) -> None:
    ran = adopting.run(*words)
    assert ran.code == code and said in ran.err and "Traceback" not in ran.err


def test_a_device_is_shown_by_its_id_or_an_alias_with_how_it_speaks(adopting: Adopting, terminal: Terminal) -> None:
    file = adopting.site.folder / "city" / "devices.yaml"
    text = file.read_text(encoding="utf-8").replace("- id: NM-1\n", "- id: NM-1\n  aliases: [24E124743D402DAB]\n", 1)
    file.write_text(text.replace("  kind: noise_meter\n", "  kind: noise_meter\n  dialect: {missing: [-1]}\n", 1))
    EngineRoom(adopting.site).close()
    [row] = terminal.run("devices", "show", "24-e1-24-74-3d-40-2d-ab", "--json", "--config", adopting.site.file).rows
    assert (row["id"], row["aliases"], row["dialect"]) == ("NM-1", ["24E124743D402DAB"], {"missing": [-1.0]})
    shown = terminal.run("devices", "show", "NM-1", "--config", adopting.site.file).out
    assert "24E124743D402DAB" in shown and '{"missing": [-1.0]}' in shown
    assert "24E124743D402DAB" in terminal.run("devices", "--config", adopting.site.file).out
    ran = terminal.run("devices", "show", "NM-99", "--config", adopting.site.file)
    assert ran.code == 1 and "no device is called 'NM-99'" in ran.err
