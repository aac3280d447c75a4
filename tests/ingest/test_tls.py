"""The intake over TLS, with a client certificate, against a real broker."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from domain.errors import Misconfigured
from ingest.sessions.paho import PahoSession
from ingest.settings import FeedSettings, TlsSettings
from runtime.clock import SystemClock
from tests.ingest.brokers import BrokerProcess, free_port, mosquitto_in
from tests.ingest.running import wait_for

EXTENSIONS = (
    "[ext]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:TRUE\n[dn]\n[req]\ndistinguished_name=dn\n"
)


def certificate(folder: Path, name: str) -> None:
    """Self-signed: its own authority."""
    configuration = folder / "openssl.cnf"
    configuration.write_text(EXTENSIONS)
    order = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -extensions ext -config {configuration}"
    )
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
    subprocess.run([*order.split(), *files], check=True, capture_output=True)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[BrokerProcess, Path]]:
    certificate(tmp_path, "broker")
    certificate(tmp_path, "engine")
    broker = mosquitto_in(tmp_path)
    plain, tls = broker.port_v5, free_port()
    with (tmp_path / "mosquitto.conf").open("a") as file:
        file.write(f"listener {tls} 127.0.0.1\ncertfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key\n")
        file.write(f"cafile {tmp_path}/engine.pem\nrequire_certificate true\n")
    broker.start()
    broker.port_v5, broker.port_v4 = tls, plain
    yield broker, tmp_path
    broker.stop(kill=True)


def tls_of(folder: Path, **more: object) -> dict[str, object]:
    known = {"ca": folder / "broker.pem", "certificate": folder / "engine.pem", "key": folder / "engine.key"}
    return {**known, **more}


@pytest.mark.service
def test_messages_come_over_tls_also_more_than_one_record_holds(secure: tuple[BrokerProcess, Path]) -> None:
    broker, folder = secure
    session = PahoSession(broker.settings(tls=tls_of(folder)), (FeedSettings(),), SystemClock())
    wait_for(lambda: bool(session.receive(wait_s=0.3)) or session.is_connected(), "a connection")
    session.receive(wait_s=0.3)
    plain = Client(CallbackAPIVersion.VERSION2)
    settings = broker.settings(protocol="3.1.1")
    plain.username_pw_set(settings.username, settings.secret())
    plain.connect("127.0.0.1", broker.port_v4)
    plain.loop_start()
    sizes = [10, 100_000, 10, 40_000, *[200] * 200]
    for size in sizes:
        plain.publish("citybrain/v1/up/a", b"x" * size, qos=1).wait_for_publish(10)
    plain.disconnect()
    arrived: list[int] = []

    def take() -> bool:
        messages = session.receive(wait_s=0.1)
        session.acknowledge(messages)
        arrived.extend(len(one.payload) for one in messages)
        return len(arrived) >= len(sizes)

    wait_for(take, "all sizes")
    session.close()
    assert arrived == sizes


@pytest.mark.service
def test_broker_with_an_unknown_certificate_is_not_trusted(secure: tuple[BrokerProcess, Path]) -> None:
    broker, folder = secure
    tls = tls_of(folder, ca=folder / "engine.pem")
    session = PahoSession(broker.settings(tls=tls), (FeedSettings(),), SystemClock())
    assert [list(session.receive(wait_s=0.1)) for _ in range(5)] == [[]] * 5
    assert not session.is_connected()


def test_certificate_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(Misconfigured, match=r"ca\.pem: cannot be used for TLS"):
        TlsSettings(ca=tmp_path / "ca.pem").context()
