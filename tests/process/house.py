"""An installation of real processes in a temporary folder: a broker, the engine, the wall; and ways to count."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import run
from typing import Any

import yaml

from citybrain.demo.broker import EmbeddedBroker
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.household import engine_is_ready, web_is_ready
from citybrain.settings import Settings, load_settings
from domain.ledger import Tally
from tests.dashboard.web import write_accounts
from tests.free_ports import free_port
from tests.ingest.brokers import PASSWORD, USERNAME, BrokerProcess, mosquitto_in
from tests.ingest.running import wait_for
from tests.process.children import Child
from tests.process.city import write_city, write_rules

READY_WITHIN_S = 180.0
EVERYTHING = 1_000_000

Json = Mapping[str, Any]
Key = tuple[str, str, str]


def embedded_child(folder: Path) -> BrokerProcess:
    """The embedded broker as `citybrain child broker`."""
    broker = EmbeddedBroker(port_v5=free_port(), port_v4=free_port(), username=USERNAME, password=PASSWORD)
    configuration = folder / "rumqttd.toml"
    broker.write(configuration)
    argv = [sys.executable, "-m", "citybrain", "child", "broker", str(configuration)]
    return BrokerProcess(argv=argv, port_v5=broker.port_v5, port_v4=broker.port_v4, log=folder / "rumqttd.log")


@contextmanager
def running_broker(kind: str, folder: Path) -> Iterator[BrokerProcess]:
    """`mosquitto` or `embedded`, ended on the way out."""
    folder.mkdir(exist_ok=True)
    broker = (mosquitto_in if kind == "mosquitto" else embedded_child)(folder)
    try:
        yield broker.start()
    finally:
        broker.stop(kill=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What an installation says of itself: rows of the store, the ledger's totals, quarantine entries."""

    rows: Sequence[Json]
    messages: Tally
    readings: Tally

    @property
    def keys(self) -> Sequence[Key]:
        return [(row["device"], row["metric"], row["at"]) for row in self.rows]


class House:
    """One installation. `sections` are put over what the file says by itself, `ingest` entry by entry."""

    def __init__(
        self,
        folder: Path,
        broker: BrokerProcess,
        *,
        hold: str = "0s",
        clear: str = "0s",
        session: str = "auto",
        **sections: Any,
    ) -> None:
        self.folder = folder
        self.web_port = free_port()
        self.file = folder / "citybrain.yaml"
        folder.mkdir(exist_ok=True)
        write_city(folder / "city")
        write_rules(folder / "rules.yaml", hold=hold, clear=clear)
        self.file.write_text(
            yaml.safe_dump(self._content(broker, session, sections), allow_unicode=True), encoding="utf-8"
        )
        self.settings: Settings = load_settings(self.file)
        self.data = self.settings.data
        self.engine = Child("child", "engine", "--config", str(self.file), log=folder / "engine.log")
        self.web = Child("child", "web", "--config", str(self.file), log=folder / "web.log")

    def __enter__(self) -> "House":
        return self

    def __exit__(self, *exc: object) -> None:
        for child in (self.engine, self.web):
            child.kill()

    def start(self) -> None:
        """Start the engine and wait until it answers and listens at the broker."""
        self.engine.start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.engine.is_alive, f"the engine has ended:\n{self.engine.log}"
            address = EngineAddress.read(self.data)
            return address is not None and address.pid == self.engine.pid and engine_is_ready(self.data)

        wait_for(is_ready, "the engine", within_s=READY_WITHIN_S)
        wait_for(lambda: self.feed["connected"], "its connection to the broker", within_s=READY_WITHIN_S)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def start_web(self) -> None:
        """Start the wall, with the accounts of tests.dashboard.web."""
        self.data.mkdir(exist_ok=True)
        write_accounts(self.data)
        self.web.start()
        wait_for(lambda: web_is_ready(self.web_port), "the wall", within_s=READY_WITHIN_S)

    def get(self, path: str) -> Json:
        """An answer of the engine's internal API."""
        address = EngineAddress.read(self.data)
        assert address is not None, "no engine has started here yet"
        with EngineClient(address) as engine:
            return engine.get(path)

    @property
    def picture(self) -> Json:
        return self.get("/internal/picture")

    @property
    def feed(self) -> Json:
        feeds = self.picture.get("feeds") or [{"connected": False}]
        return dict(feeds[0])

    @property
    def statistics(self) -> Json:
        return self.get("/internal/statistics")

    def alerts(self) -> Sequence[Json]:
        """All alerts ever, with their transitions, oldest first."""
        found = self.get("/internal/alerts?state=all&limit=1000")["alerts"]
        return [self.get(f"/internal/alerts/{alert['id']}") for alert in reversed(found)]

    def alerts_of(self, device: str) -> Sequence[Json]:
        return [one for one in self.alerts() if one["alert"]["target"] == f"device:{device}"]

    def wait_for_messages(self, count: int, *, within_s: float = 120.0) -> None:
        """Until so many different messages have been settled, and everything settled has reached the store."""

        def is_through() -> bool:
            messages = self.statistics["messages"]
            return bool(messages["received"] - messages["duplicate"] >= count)

        wait_for(is_through, f"{count} messages", within_s=within_s)
        self.wait_until_stored(within_s=within_s)

    def wait_until_stored(self, *, within_s: float = 120.0) -> None:
        wait_for(lambda: self.statistics["series"]["behind_entries"] == 0, "the store to catch up", within_s=within_s)

    def books(self) -> Books:
        """Rows and ledger, each by the command that people use."""
        lines = self.query("ledger")
        return Books(
            rows=self.query("readings", "--limit", str(EVERYTHING)),
            messages=sum((Tally(**_without_balance(line["messages"])) for line in lines), Tally()),
            readings=sum((Tally(**_without_balance(line["readings"])) for line in lines), Tally()),
        )

    def query(self, command: str, *options: str) -> Sequence[Json]:
        """`citybrain COMMAND --json`, which must succeed."""
        argv = [sys.executable, "-m", "citybrain", command, *options, "--json", "--config", str(self.file)]
        done = run(argv, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"citybrain {command}: exit {done.returncode}\n{done.stdout[:500]}{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _content(self, broker: BrokerProcess, session: str, sections: Json) -> Json:
        account = {"port": broker.port_v5, "username": USERNAME, "password": PASSWORD}
        patience = {"retry_first": "100ms", "retry_longest": "500ms"}
        return {
            "data": "data",
            "city": "city/city.yaml",
            "devices": "city/devices.yaml",
            "rules": {"files": ["rules.yaml"]},
            "web": {"port": self.web_port, "secure_cookies": False},
            **sections,
            "ingest": {"broker": {**account, **patience, "session": session}, **sections.get("ingest", {})},
        }


def _without_balance(tally: Mapping[str, int]) -> Mapping[str, int]:
    return {name: count for name, count in tally.items() if name != "imbalance"}
