"""The doctor finds what is wrong, says what to do, and calls a healthy installation healthy."""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from citybrain.doctor.broker import examine_broker
from citybrain.doctor.feeds import examine_feeds
from citybrain.doctor.findings import Finding, Level, Section
from citybrain.doctor.installation import examine_registry
from citybrain.doctor.machine import examine_machine
from citybrain.doctor.routes import examine_routes
from citybrain.doctor.stores import examine_stores
from citybrain.edge.address import EngineAddress
from citybrain.engine.dropped import JOURNAL_DROPPED
from domain.instants import from_micros
from domain.ledger import LedgerLine, Tally
from ingest.settings import BrokerSettings
from notify.settings import NotifySettings
from runtime.clock import SystemClock
from tests.app.engine_room import EngineRoom
from tests.app.installation import Site, write_installation
from tests.app.terminal import Terminal
from tests.free_ports import free_port
from tests.ingest.brokers import BrokerProcess, embedded_broker, mosquitto
from tests.notify.receivers import webhook

__all__ = ["embedded_broker", "mosquitto"]


def levels(findings: Sequence[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


def words(findings: Sequence[Finding]) -> str:
    return "\n".join(finding.en for finding in findings)


def test_stores_that_hold_what_they_should_are_healthy(room: EngineRoom) -> None:
    room.settle([("MC-1", "tilt", 1.0)], at=0)
    room.step()
    room.close()
    findings = examine_stores(room.site.settings())
    assert Level.BAD not in levels(findings)
    assert "the ledger balances: 1 messages" in words(findings)


def test_a_ledger_that_is_out_is_bad(room: EngineRoom) -> None:
    line = LedgerLine(feed="city", minute=from_micros(0), messages=Tally(received=3, stored=1), readings=Tally())
    with room.parts.records.transaction() as books:
        books.ledger.add([line])
    room.close()
    [bad] = [finding for finding in examine_stores(room.site.settings()) if finding.level is Level.BAD]
    assert "2 messages" in bad.en


def test_quarantine_and_dropped_readings_are_told(room: EngineRoom) -> None:
    room.settle([("MC-1", "tilt", 1.0)], at=0, quarantined=2)
    room.step()
    with room.parts.records.transaction() as books:
        books.cursors.set(JOURNAL_DROPPED, 7)
    room.close()
    findings = examine_stores(room.site.settings())
    assert "2 entries in quarantine" in words(findings)
    assert "7 readings dropped" in words(findings)


def test_a_series_store_that_is_away_is_bad(tmp_path: Path) -> None:
    server = {"generation": 1, "url": f"http://127.0.0.1:{free_port()}"}
    site = write_installation(tmp_path, series={"kind": "influxdb", "influxdb": server})
    assert Level.BAD in levels(examine_stores(site.settings()))


def test_a_machine_with_room_and_a_local_disk_has_nothing_bad(tmp_path: Path) -> None:
    findings = examine_machine(tmp_path / "not" / "made" / "yet")
    assert {finding.section for finding in findings} == {Section.MACHINE}
    assert "GiB free" in words(findings) and "durable write" in words(findings)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    [bad] = [finding for finding in examine_machine(tmp_path) if finding.level is Level.BAD]
    assert "No space left" in bad.en


def test_devices_that_no_limit_can_reach_are_named(tmp_path: Path) -> None:
    site = write_installation(tmp_path)
    text = (tmp_path / "city" / "devices.yaml").read_text(encoding="utf-8")
    (tmp_path / "city" / "devices.yaml").write_text(text.replace("zone: '2'", "zone:", 1), encoding="utf-8")
    found = words(examine_registry(site.installation().registry))
    assert "1 noise meters without a zone: no limit applies: NM-1" in found


def routes(*entries: dict[str, object]) -> NotifySettings:
    return NotifySettings.model_validate({"routes": entries})


def test_a_city_that_tells_nobody_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    kept = tmp_path / "address"
    kept.write_text("log://notices.log", encoding="utf-8")
    with webhook() as hook:
        cases = [
            *(routes(), routes({"id": "log", "url": "log://notices.log"}), routes({"id": "log", "url_file": kept})),
            routes({"id": "duty", "url": hook.url}),
        ]
        assert [levels(examine_routes(case)) for case in cases] == [[Level.NOTE]] * 3 + [[Level.OK]]
    assert hook.requests == []


@pytest.mark.parametrize(
    ("entry", "untold"),
    [
        ({"severities": ["red"]}, "yellow, white"),
        ({"severities": ["red", "yellow"]}, "white"),
        ({"moves": ["return"]}, "red, yellow, white"),
    ],
)
def test_colours_that_reach_nobody_are_named(
    monkeypatch: pytest.MonkeyPatch, entry: dict[str, object], untold: str
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with webhook() as hook:
        found = examine_routes(routes({"id": "log", "url": "log://n"}, {"id": "duty", "url": hook.url, **entry}))
    assert [(one.level, one.en.rpartition(": ")[2]) for one in found[1:]] == [(Level.NOTE, untold)]


@pytest.mark.parametrize("scheme", ["json", "mailto"])
def test_a_receiver_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with webhook() as hook:
        port = hook.url.split(":")[2].split("/")[0]
    url = f"{scheme}://127.0.0.1:{port}?from=a@example.cn&to=b@example.cn"
    [_, absent] = examine_routes(routes({"id": "duty", "url": url}))
    assert absent.level is Level.NOTE
    assert f"route duty does not answer: 127.0.0.1:{port}" in absent.en


def test_the_page_ends_with_exit_code_1_when_something_is_bad(terminal: Terminal, site: Site) -> None:
    ran = terminal.run("doctor", "--config", site.file, "--json")
    assert (ran.code, [row["section"] for row in ran.rows if row["level"] == "bad"]) == (1, ["broker"])


def test_broken_files_are_told_and_nothing_else_is_looked_at(terminal: Terminal, site: Site) -> None:
    (site.folder / "city" / "devices.yaml").write_text("devices: [{id: x}]", encoding="utf-8")
    ran = terminal.run("doctor", "--config", site.file, "--json")
    assert ran.code == 1
    assert {row["section"] for row in ran.rows} == {"files"}


def test_the_page_is_written_for_people_in_both_languages(terminal: Terminal, site: Site) -> None:
    page = terminal.run("doctor", "--config", site.file, "--skip-broker").out
    assert "存储 stores" in page
    assert "通知只写入文件" in page


class Answering(BaseHTTPRequestHandler):
    """An engine whose listener has no port, while its broker is there; three messages never came."""

    def do_GET(self) -> None:
        content = json.dumps({"connected": {"city": True, "hj212": False}, "missing_in_sequence": 3}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: pytest's output is for failures."""


def test_feeds_that_are_away_and_messages_that_never_came_are_told_beside_what_is_there(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.handle_request).start()
        EngineAddress(url=f"http://127.0.0.1:{server.server_port}", token="t", pid=os.getpid()).write(tmp_path)
        findings = examine_feeds(tmp_path)
    assert [(one.level, one.en) for one in findings] == [
        (Level.OK, "feeds connected: city"),
        (Level.BAD, "feeds away: hj212"),
        (
            Level.NOTE,
            "since the engine's start 3 messages that devices numbered are missing: lost before they reached us, or"
            " unreadable when they came (see the quarantine)",
        ),
    ]


def test_without_a_running_engine_feeds_are_not_spoken_of(tmp_path: Path) -> None:
    assert examine_feeds(tmp_path) == []


@pytest.mark.service
@pytest.mark.parametrize("kind", ["mosquitto", "embedded_broker"])
def test_a_broker_with_the_settings_of_the_docs_is_healthy(kind: str, request: pytest.FixtureRequest) -> None:
    broker: BrokerProcess = request.getfixturevalue(kind)
    findings = examine_broker(broker.settings(), SystemClock())
    assert Level.BAD not in levels(findings), words(findings)
    assert "3000 came after its return" in words(findings)


@pytest.fixture
def plain_mosquitto(tmp_path: Path) -> Iterator[int]:
    """As Debian ships it: a queue of 1,000 for each session."""
    configuration, port = tmp_path / "plain.conf", free_port()
    configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    argv = [program, "-c", str(configuration)]
    broker = BrokerProcess(argv=argv, port_v5=port, port_v4=port, log=tmp_path / "plain.log").start()
    yield port
    broker.stop()


@pytest.mark.service
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_drops_what_it_acknowledged_is_found_out(plain_mosquitto: int, protocol: str) -> None:
    findings = examine_broker(BrokerSettings(port=plain_mosquitto, protocol=protocol), SystemClock())
    bad = [finding for finding in findings if finding.level is Level.BAD]
    assert bad and all("max_queued_messages 0" in finding.advice_en for finding in bad)


@pytest.mark.service
def test_a_broker_that_does_not_know_us_is_bad(mosquitto: BrokerProcess) -> None:
    [finding] = examine_broker(mosquitto.settings(password="wrong"), SystemClock())
    assert finding.level is Level.BAD
