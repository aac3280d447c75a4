"""Real brokers for tests, each in a process of its own on free loopback ports: Mosquitto, and the embedded rumqttd.

Import the fixtures that you need. A broker that does not start fails the test: it is never skipped.
"""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import pytest

from citybrain.demo.broker import EmbeddedBroker
from ingest.settings import BrokerSettings
from tests.free_ports import free_port

STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 60.0
"""Mosquitto writes its state before it ends, on whatever disk it has."""
USERNAME, PASSWORD = "city", "bado-keru"


@dataclass(slots=True, kw_only=True)
class BrokerProcess:
    """A broker that can be ended and begun again on the same ports."""

    argv: list[str]
    port_v5: int
    port_v4: int
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> "BrokerProcess":
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        give_up = monotonic() + STARTS_WITHIN_S
        while not all(_answers(port) for port in (self.port_v5, self.port_v4)):
            if self._process.poll() is not None or monotonic() > give_up:
                raise RuntimeError(f"{self.argv[0]} does not start:\n{self.log.read_text()}")
            sleep(0.02)
        return self

    def stop(self, *, kill: bool = False) -> None:
        """`kill` is SIGKILL; otherwise the broker may write its state first."""
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
            self._process.wait(ENDS_WITHIN_S)
            self._process = None

    def settings(self, *, protocol: str = "5", **more: object) -> BrokerSettings:
        """How the intake reaches this broker; its back-off is short, tests do not wait long."""
        port = self.port_v5 if protocol == "5" else self.port_v4
        return BrokerSettings.model_validate(
            {
                "port": port,
                "protocol": protocol,
                "username": USERNAME,
                "password": PASSWORD,
                "retry_first": "100ms",
                "retry_longest": "500ms",
                **more,
            }
        )


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def mosquitto_in(folder: Path) -> BrokerProcess:
    """Loopback, one account, persistence; queues without limit, since its default of 1000 loses messages."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    passwords, configuration = folder / "passwords", folder / "mosquitto.conf"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), USERNAME, PASSWORD], check=True, capture_output=True)
    port = free_port()
    configuration.write_text(
        f"listener {port} 127.0.0.1\n"
        f"allow_anonymous false\npassword_file {passwords}\n"
        "max_queued_messages 0\nset_tcp_nodelay true\n"
        f"persistence true\npersistence_location {folder}/\nautosave_interval 1\nuser root\n"
        "log_type error\nlog_type warning\nlog_type notice\nlog_type information\nlog_type subscribe\n"
    )
    argv = [program, "-c", str(configuration)]
    return BrokerProcess(argv=argv, port_v5=port, port_v4=port, log=folder / "mosquitto.log")


def embedded_in(folder: Path) -> BrokerProcess:
    """The broker that ships with citybrain, with the settings it ships with. It forgets everything when it ends."""
    broker = EmbeddedBroker(port_v5=free_port(), port_v4=free_port(), username=USERNAME, password=PASSWORD)
    configuration = folder / "rumqttd.toml"
    broker.write(configuration)
    code = "import sys, pathlib, citybrain.demo.broker as it; it.run_broker(pathlib.Path(sys.argv[1]))"
    argv = [sys.executable, "-c", code, str(configuration)]
    return BrokerProcess(argv=argv, port_v5=broker.port_v5, port_v4=broker.port_v4, log=folder / "rumqttd.log")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[BrokerProcess]:
    broker = mosquitto_in(tmp_path).start()
    yield broker
    broker.stop()


@pytest.fixture
def embedded_broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    broker = embedded_in(tmp_path).start()
    yield broker
    broker.stop(kill=True)
