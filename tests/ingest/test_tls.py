"""The intake over TLS, with client certificates, and over websockets, against a real broker."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from structlog.testing import capture_logs

from domain.errors import Misconfigured, Temporary
from domain.messages import Message
from ingest.sessions.bulk import BulkSession
from ingest.sessions.feeds import FeedOfTopic
from ingest.sessions.opening import open_broker_session
from ingest.sessions.paho import PahoSession
from ingest.sessions.paho_connection import PahoConnection
from ingest.sessions.reaching import knock, not_reached
from ingest.settings import BrokerSettings, FeedSettings, IngestSettings, TlsSettings
from runtime.clock import SystemClock
from tests.free_ports import free_port
from tests.ingest.brokers import BrokerProcess, mosquitto_in
from tests.ingest.running import is_subscribed, wait_for
from tests.ingest.speaking import speaking

EXTENSIONS = "[ext]\nsubjectAltName={name}\nbasicConstraints=critical,CA:TRUE\n[dn]\n[req]\ndistinguished_name=dn\n"
Make = Callable[..., PahoSession | BulkSession]


def certificate(folder: Path, name: str, *, valid_for: str = "IP:127.0.0.1") -> None:
    """Self-signed: its own authority."""
    configuration = folder / "openssl.cnf"
    configuration.write_text(EXTENSIONS.format(name=valid_for))
    order = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -extensions ext -config {configuration}"
    )
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
    subprocess.run([*order.split(), *files], check=True, capture_output=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """Mosquitto with a plain listener, and TLS that demands a client certificate, over TCP and over websockets."""

    broker: BrokerProcess
    folder: Path
    tls_port: int
    websocket_port: int
    plain_websocket_port: int

    def tls(self, **more: object) -> dict[str, object]:
        known = {"ca": "broker.pem", "certificate": "engine.pem", "key": "engine.key", **more}
        return {name: self.folder / str(file) for name, file in known.items() if file is not None}

    def settings(self, **more: object) -> BrokerSettings:
        return self.broker.settings(protocol="5", **{"port": self.tls_port, "tls": self.tls(), **more})

    def publish(self, sizes: list[int]) -> None:
        plain = Client(CallbackAPIVersion.VERSION2)
        account = self.broker.settings()
        plain.username_pw_set(account.username, account.secret())
        plain.connect("127.0.0.1", self.broker.port_v4)
        plain.loop_start()
        for size in sizes:
            plain.publish("citybrain/v1/up/a", b"x" * size, qos=1).wait_for_publish(60)
        plain.disconnect()
        plain.loop_stop()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Secure]:
    certificate(tmp_path, "broker")
    certificate(tmp_path, "engine")
    broker = mosquitto_in(tmp_path)
    tls, websocket, plain_websocket = free_port(), free_port(), free_port()
    demand = (
        f"certfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key\n"
        f"cafile {tmp_path}/engine.pem\nrequire_certificate true\n"
    )
    with (tmp_path / "mosquitto.conf").open("a") as file:
        file.write(f"listener {tls} 127.0.0.1\n{demand}")
        file.write(f"listener {websocket} 127.0.0.1\nprotocol websockets\n{demand}")
        file.write(f"listener {plain_websocket} 127.0.0.1\nprotocol websockets\n")
    broker.start()
    yield Secure(
        broker=broker, folder=tmp_path, tls_port=tls, websocket_port=websocket, plain_websocket_port=plain_websocket
    )
    broker.stop(kill=True)


@pytest.fixture(params=[BulkSession, PahoSession], ids=["bulk", "paho"])
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.param
    return chosen


def session_of(make: Make, settings: BrokerSettings) -> PahoSession | BulkSession:
    return make(settings, (FeedSettings(),), SystemClock())


def assert_comes(session: PahoSession | BulkSession, secure: Secure, sizes: list[int]) -> None:
    """Connects, is published to, and hands over messages of these sizes."""
    wait_for(lambda: bool(session.receive(wait_s=0.3)) or is_subscribed(session), "a subscription")
    secure.publish(sizes)
    arrived: list[Message] = []

    def take() -> bool:
        messages = session.receive(wait_s=0.1)
        session.acknowledge(messages)
        arrived.extend(messages)
        return len(arrived) >= len(sizes)

    wait_for(take, "all sizes")
    assert session.is_connected()
    session.close()
    assert [len(one.payload) for one in arrived] == sizes


def complaint(make: Make, settings: BrokerSettings) -> str:
    """What is said about a broker that is never reached, all of it."""
    session = session_of(make, settings)
    with capture_logs() as logs:
        # An attempt takes as long as the wait allows: enough for a handshake on a busy machine.
        assert [list(session.receive(wait_s=3)) for _ in range(5)] == [[]] * 5
    assert not session.is_connected()
    session.close()
    return "\n".join(f"{entry['event']}: {entry['reason']}" for entry in logs)


@pytest.mark.service
def test_messages_come_over_tls_also_more_than_one_record_holds(make: Make, secure: Secure) -> None:
    assert_comes(session_of(make, secure.settings()), secure, [10, 100_000, 10, 40_000, *[200] * 200, 600_000, 1])


@pytest.mark.service
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_messages_come_over_websockets_with_and_without_tls(secure: Secure, protocol: str) -> None:
    for known in (
        {"port": secure.websocket_port},
        {"port": secure.plain_websocket_port, "tls": None},
    ):
        settings = secure.settings(transport="websockets", **known).model_copy(update={"protocol": protocol})
        session = open_broker_session(IngestSettings(broker=settings), SystemClock(), None)
        assert isinstance(session, PahoSession)
        assert_comes(session, secure, [10, 100_000, *[200] * 200, 0, 1])


@pytest.mark.service
def test_broker_with_an_unknown_certificate_is_told(make: Make, secure: Secure) -> None:
    said = complaint(make, secure.settings(tls=secure.tls(ca="engine.pem")))
    assert "its certificate is not trusted" in said
    assert "name its authority's file as `ca`" in said


@pytest.mark.service
def test_broker_with_another_name_is_told(make: Make, tmp_path: Path) -> None:
    certificate(tmp_path, "broker", valid_for="DNS:mqtt.other.example")
    broker, port = mosquitto_in(tmp_path), free_port()
    with (tmp_path / "mosquitto.conf").open("a") as file:
        file.write(f"listener {port} 127.0.0.1\ncertfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key\n")
    broker.start()
    said = complaint(make, broker.settings(port=port, tls={"ca": tmp_path / "broker.pem"}))
    broker.stop(kill=True)
    assert "its certificate is for another name" in said


@pytest.mark.service
def test_missing_client_certificate_is_told(secure: Secure) -> None:
    said = complaint(BulkSession, secure.settings(tls=secure.tls(certificate=None, key=None)))
    assert "it demands a client certificate" in said


@pytest.mark.service
def test_missing_client_certificate_lets_paho_guess(secure: Secure) -> None:
    """paho does not tell why TLS has ended, and notices it now or a moment later."""
    said = complaint(PahoSession, secure.settings(tls=secure.tls(certificate=None, key=None)))
    assert "hung up at once; with TLS it may demand a client certificate" in said or "hangs up before" in said


@pytest.mark.service
def test_a_knock_hears_what_is_only_said_after_the_handshake(secure: Secure) -> None:
    knock(secure.settings())
    with pytest.raises(Temporary, match="it demands a client certificate"):
        knock(secure.settings(tls=secure.tls(certificate=None, key=None)))


def test_a_handshake_that_is_cut_off_points_to_the_port() -> None:
    reset = ConnectionResetError(104, "Connection reset by peer")
    with_tls = BrokerSettings(tls=TlsSettings())
    assert "give the port of its TLS listener or leave `tls` out" in str(not_reached(with_tls, reset))
    assert "Connection reset by peer" in str(not_reached(BrokerSettings(), reset))


@pytest.mark.service
def test_client_certificate_of_nobody_is_refused(make: Make, secure: Secure) -> None:
    certificate(secure.folder, "stranger")
    assert complaint(make, secure.settings(tls=secure.tls(certificate="stranger.pem", key="stranger.key")))


@pytest.mark.service
def test_port_without_tls_is_told(make: Make, secure: Secure) -> None:
    said = complaint(make, secure.settings(port=secure.broker.port_v5, connect_timeout="1s"))
    assert "broker not reached" in said


@pytest.mark.service
def test_tls_port_spoken_to_without_tls_never_raises(make: Make, secure: Secure) -> None:
    assert "broker hangs up before it answers" in complaint(make, secure.settings(tls=None))


def test_certificate_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(Misconfigured, match=r"ca\.pem: cannot be used for TLS"):
        TlsSettings(ca=tmp_path / "ca.pem").context()


def test_a_certificate_whose_time_is_over_is_not_taken_for_a_wrong_authority() -> None:
    expired = ssl.SSLCertVerificationError("certificate verify failed")
    expired.verify_code, expired.verify_message = 10, "certificate has expired"
    said = str(not_reached(BrokerSettings(tls=TlsSettings()), expired))
    assert "renew it, or mend this machine's clock" in said
    assert "`ca`" not in said


def test_a_port_without_websockets_is_told() -> None:
    with speaking(lambda _: b"HTTP/1.1 404 Not Found\r\n\r\n") as (port, _):
        settings = BrokerSettings(port=port, transport="websockets")
        connection = PahoConnection(settings, FeedOfTopic([]), SystemClock(), 1)
        with pytest.raises(Temporary, match=r"no websockets there \(.*look at port, `websocket_path`"):
            connection.open(timeout_s=5.0)


@pytest.mark.service
def test_a_key_that_asks_for_a_pass_phrase_does_not_stop_at_a_prompt(tmp_path: Path) -> None:
    certificate(tmp_path, "engine")
    locked = tmp_path / "locked.key"
    order = ["openssl", "rsa", "-in", str(tmp_path / "engine.key"), "-aes128", "-passout", "pass:abcd", "-out"]
    subprocess.run([*order, str(locked)], check=True, capture_output=True)
    with pytest.raises(Misconfigured, match=r"locked\.key: is protected by a pass phrase"):
        TlsSettings(certificate=tmp_path / "engine.pem", key=locked).context()
