"""The installation under test: a city of noise meters, a broker and the real engine, as processes."""

import os
import re
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from citybrain.bench.load import TOPIC, Load
from citybrain.bench.mosquitto import mosquitto
from citybrain.bench.packets import Account
from citybrain.demo.files import SETTINGS, DemoFiles, write_files
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.household import Household, broker_member, engine_member
from citybrain.settings import Settings, load_settings
from domain.errors import Refused
from runtime.clock import Anchor, SystemClock
from runtime.stopping import Stop

SHORTEST_POLL_S = 0.05
LONGEST_POLL_S = 1.0
TIMEOUT_S = 600.0
MESSAGES_PER_SEGMENT = 12_000
"""Of 4 MB, with what the broker adds."""
_CITY = {"zh": "基准城", "en": "Benchmark city", "timezone": "Asia/Shanghai", "lon": 112.5, "lat": 30.9}
_HEAD = "id,kind,zh,en,lon,lat,zone,interval\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Processor seconds since the start, and memory now and at its highest, in MB."""

    cpu_s: float
    memory_mb: float
    peak_mb: float


class Site:
    """Broker and engine of one settings file. `account` is what the load generator logs in with (MQTT 3.1.1)."""

    def __init__(self, file: Path, household: Household, *, account: Account, broker_pid: int) -> None:
        self._file = file
        self._household = household
        self.settings = load_settings(file)
        self.account = account
        self.broker_pid = broker_pid

    @property
    def engine_pid(self) -> int:
        return self._household.supervisor.pid("engine")

    def start_engine(self) -> None:
        self._household.start([engine_member(self.settings, self._file)], Stop())

    def statistics(self) -> Mapping[str, Any]:
        address = EngineAddress.read(self.settings.data)
        if address is None:
            raise Refused("the engine has no address")
        with EngineClient(address) as engine:
            return engine.get("/internal/statistics")

    def wait_for(self, messages: int) -> tuple[float, float]:
        """When so many were taken, and when the rules and the store had them too (monotonic). Raises Refused."""
        began, before, taken = time.monotonic(), self.statistics()["messages"]["received"], 0.0
        while True:
            told, now = self.statistics(), time.monotonic()
            received = told["messages"]["received"]
            if received >= messages:
                taken = taken or now
                if told["series"]["behind_entries"] == 0 and told["series"]["ok"]:
                    return taken, now
            if now - began > TIMEOUT_S:
                raise Refused(f"{received} of {messages} messages were taken and stored within {TIMEOUT_S:g} s")
            per_s = max(received - before, 1) / (now - began)
            # asking costs the engine some milliseconds: seldom while the end is far
            time.sleep(min(max((messages - received) / per_s / 2, SHORTEST_POLL_S), LONGEST_POLL_S))


def usage(pid: int) -> Usage:
    """Of one process."""
    process = psutil.Process(pid)
    used, memory_mb = process.cpu_times(), process.memory_info().rss / 2**20
    peak = next((int(line.split()[1]) / 1024 for line in _status(pid) if line.startswith("VmHWM")), memory_mb)
    return Usage(cpu_s=used.user + used.system, memory_mb=memory_mb, peak_mb=peak)


@contextmanager
def site(folder: Path, *, load: Load, broker: str, session: str, series: Mapping[str, Any]) -> Iterator[Site]:
    """With the broker (`embedded` or `mosquitto`) running and the engine not yet started."""
    _write_city(folder / "city", devices=load.devices)
    now = SystemClock().now()
    files = write_files(folder, web_port=0, anchor=Anchor(real=now, city=now))
    _let_it_keep(folder / "broker.toml", load)
    content = yaml.safe_load(files.file.read_text(encoding="utf-8"))
    content["devices"] = "city/devices.csv"
    content["ingest"]["broker"]["session"] = session
    content["series"] = dict(series)
    household = Household(
        logs=folder / "logs", on_death=lambda _: None, on_restart=lambda *_: None, on_ready=lambda _: None
    )
    running = _mosquitto(folder, content) if broker == "mosquitto" else _embedded(files, household)
    try:
        with running as (account, pid):
            (folder / SETTINGS).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
            yield Site(files.file, household, account=account, broker_pid=pid)
    finally:
        household.supervisor.stop(within_s=5.0)


@contextmanager
def _embedded(files: DemoFiles, household: Household) -> Iterator[tuple[Account, int]]:
    """The broker that ships with citybrain, as its household runs it; ended with that."""
    member = broker_member(files.settings)
    if member is None:
        raise Refused("the files of the demo name no embedded broker")
    household.start([member], Stop())
    yield _account(files.settings), household.supervisor.pid("broker")


@contextmanager
def _mosquitto(folder: Path, content: dict[str, Any]) -> Iterator[tuple[Account, int]]:
    with mosquitto(folder / "mosquitto") as running:
        del content["embedded_broker"]
        content["ingest"]["broker"]["port"] = running.port
        account = Account(port=running.port, username=content["ingest"]["broker"]["username"], password="anybody")
        yield account, running.pid


def _write_city(folder: Path, *, devices: int) -> None:
    folder.mkdir(parents=True)
    (folder / "city.yaml").write_text(yaml.safe_dump(_CITY, allow_unicode=True), encoding="utf-8")
    rows = (
        f"{TOPIC.format(1 + n).rpartition('/')[2]},noise_meter,噪声 {n},Noise {n},{112.4 + n % 200 / 1000:.3f},"
        f"{30.8 + n // 200 % 200 / 1000:.3f},2,60s\n"
        for n in range(devices)
    )
    (folder / "devices.csv").write_text(_HEAD + "".join(rows), encoding="utf-8")


def _let_it_keep(configuration: Path, load: Load) -> None:
    """The load generator is faster than any engine: the broker has to hold all of it, and would silently not."""
    segments = f"max_segment_count = {10 + load.messages // MESSAGES_PER_SEGMENT}"
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(re.sub(r"max_segment_count = \d+", segments, text), encoding="utf-8")


def _account(settings: Settings) -> Account:
    """The embedded broker's 3.1.1 port, out of its own file."""
    listener = tomllib.loads((settings.data / "broker.toml").read_text(encoding="utf-8"))["v4"]["1"]
    ((username, password),) = listener["connections"]["auth"].items()
    return Account(port=int(listener["listen"].rpartition(":")[2]), username=username, password=password)


def _status(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:  # not Linux
        return []


def cores() -> int:
    """Of this machine; a figure without it says little."""
    return os.cpu_count() or 1
