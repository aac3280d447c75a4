"""`citybrain up` of a complete file as production has it: Mosquitto with a password, InfluxDB, a webhook, the wall."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time_ns
from typing import Any

import httpx
import psutil
import pytest

from citybrain.household import engine_is_ready, web_is_ready
from tests.dashboard.web import PASSWORDS, write_accounts
from tests.ingest.brokers import PASSWORD, USERNAME, BrokerProcess
from tests.ingest.running import wait_for
from tests.notify.receivers import Webhook, webhook
from tests.process.children import Child
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher
from tests.services import Influxd1, influxd_1

pytestmark = [pytest.mark.process, pytest.mark.service]

ENDS_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Production:
    """The files of an installation, and the servers around it."""

    house: House
    broker: BrokerProcess
    influx: Influxd1
    hook: Webhook
    up: Child


@contextmanager
def production(tmp_path: Path) -> Iterator[Production]:
    for folder in ("influxd", "secrets"):
        (tmp_path / folder).mkdir()
    (tmp_path / "secrets" / "mqtt-password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    with (
        webhook() as hook,
        influxd_1(tmp_path / "influxd") as influx,
        running_broker("mosquitto", tmp_path / "broker") as broker,
    ):
        (tmp_path / "secrets" / "duty-url").write_text(f"{hook.url}\n", encoding="utf-8")
        house = House(tmp_path / "house", broker, **_sections(broker, influx))
        house.data.mkdir()
        write_accounts(house.data)
        up = Child("up", "--config", str(house.file), log=tmp_path / "up.log")
        try:
            yield Production(house=house, broker=broker, influx=influx, hook=hook, up=up)
        finally:
            up.kill()


def _sections(broker: BrokerProcess, influx: Influxd1) -> dict[str, Any]:
    account = {"port": broker.port_v5, "username": USERNAME, "password_file": "../secrets/mqtt-password"}
    return {
        "ingest": {
            "broker": {"host": "127.0.0.1", "protocol": "5", "client_id": "citybrain-1", **account},
            "feeds": [{"id": "city", "topics": ["citybrain/v1/#"]}],
            **{"late_horizon": "26h", "future_skew": "5m"},
        },
        "series": {
            **{"kind": "influxdb", "keep": "1095d"},
            "influxdb": {"generation": 1, "url": influx.url, "database": "city"},
        },
        "journal": {"keep": "48h"},
        "records": {},
        "notify": {
            "routes": [
                {"id": "log", "url": "log://notices.log"},
                {"id": "duty", "url_file": "../secrets/duty-url", "severities": ["red", "yellow"], "language": "zh-CN"},
            ]
        },
    }


def wait_until_up(it: Production) -> None:
    def is_up() -> bool:
        assert it.up.is_alive, f"it has ended:\n{it.up.log}"
        return engine_is_ready(it.house.data) and web_is_ready(it.house.web_port)

    wait_for(is_up, "engine and wall")
    wait_for(lambda: it.house.feed["connected"], "the broker")


def logged_in(it: Production, name: str) -> httpx.Client:
    client = httpx.Client(base_url=it.house.url, timeout=60, trust_env=False)
    answer = client.post("/login", data={"name": name, "password": PASSWORDS[name]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return client


def pictured_alerts(client: httpx.Client) -> list[dict[str, Any]]:
    """What the wall's stream says now."""
    with client.stream("GET", "/stream") as response:
        line = next(line for line in response.iter_lines() if line.startswith("data:"))
    found: list[dict[str, Any]] = (json.loads(line[5:])["picture"] or {"alerts": []})["alerts"]
    return found


def children(pid: int) -> dict[str, int]:
    """pid by name of the process's own living children."""
    found: dict[str, int] = {}
    for child in psutil.Process(pid).children():
        with suppress(psutil.NoSuchProcess):  # a zombie is one, too
            words = child.cmdline()
            if "child" in words:
                found[words[words.index("child") + 1]] = child.pid
    return found


def influx_count(influx: Influxd1, metric: str) -> int:
    answer = httpx.get(
        f"{influx.url}/query", params={"db": "city", "q": f"SELECT count(value) FROM {metric}"}, timeout=60
    )
    series = answer.raise_for_status().json()["results"][0].get("series", [])
    return int(series[0]["values"][0][1]) if series else 0


def test_check_finds_nothing_wrong_with_a_complete_file(tmp_path: Path) -> None:
    with production(tmp_path) as it:
        argv = [sys.executable, "-m", "citybrain", "check", str(it.house.file)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "没有问题 · no problems")


def test_reading_goes_the_whole_way_to_store_wall_and_webhook(tmp_path: Path) -> None:
    with production(tmp_path) as it:
        it.up.start()
        wait_until_up(it)
        stranger = httpx.get(f"{it.house.url}/", headers={"accept": "text/html"}, timeout=60, trust_env=False)
        assert (stranger.status_code, stranger.headers["location"]) == (303, "/login")
        with closing(logged_in(it, "duty")) as client, Publisher(it.broker) as publisher:
            assert client.get("/").status_code == 200
            assert pictured_alerts(client) == []
            publisher.say("MH-001", {"t": time_ns() // 1_000_000, "v": {"cover_open": 1}})
            wait_for(lambda: len(pictured_alerts(client)) == 1, "a row on the wall")
            (row,) = pictured_alerts(client)
        wait_for(lambda: influx_count(it.influx, "cover_open") == 1, "the reading in InfluxDB")
        wait_for(lambda: len(it.hook.keys) == 1, "the notice")
        wait_for(lambda: it.house.statistics["notices"]["waiting"] == 0, "every notice marked as sent")
        notices = [json.loads(line) for line in (it.house.data / "notices.log").read_text("utf-8").splitlines()]
        assert (row["target"], row["state"], row["title_zh"]) == ("device:MH-001", "active", "井盖开启")
        assert it.hook.keys == [f"{row['id']}:2:duty"]
        assert [notice["key"] for notice in notices] == [f"{row['id']}:2:log"]
        assert it.up.stop(within_s=ENDS_WITHIN_S) == 0


def test_each_child_that_is_killed_comes_back_and_the_end_leaves_nothing(tmp_path: Path) -> None:
    with production(tmp_path) as it:
        it.up.start()
        wait_until_up(it)
        for name, pid in children(it.up.pid).items():
            psutil.Process(pid).kill()
            wait_for(lambda name=name, pid=pid: children(it.up.pid).get(name, pid) != pid, f"a new {name}")
            wait_until_up(it)
            assert f'"child": "{name}"' in it.up.log and "SIGKILL" in it.up.log
        last = children(it.up.pid)
        assert set(last) == {"engine", "web"}
        assert it.up.stop(within_s=ENDS_WITHIN_S) == 0
        assert [pid for pid in last.values() if psutil.pid_exists(pid)] == []
        assert "leaked" not in it.up.log


def test_killed_supervisor_leaves_no_child_behind(tmp_path: Path) -> None:
    with production(tmp_path) as it:
        it.up.start()
        wait_until_up(it)
        left = children(it.up.pid)
        it.up.kill()
        wait_for(lambda: not any(psutil.pid_exists(pid) for pid in left.values()), "their end")
