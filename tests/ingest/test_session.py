"""The session against listeners that are no brokers, and its pauses between attempts."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.errors import Misconfigured
from domain.messages import Message
from ingest.backoff import Backoff
from ingest.sessions.bulk import BulkSession
from ingest.sessions.opening import open_session
from ingest.sessions.paho import PahoSession
from ingest.settings import BrokerSettings, FeedSettings, IngestSettings
from runtime.clock import SystemClock
from tests.ingest.running import wait_for

Make = type[PahoSession] | type[BulkSession]
CONNACK_V4 = b"\x20\x02\x00\x00"
REFUSED_V4 = b"\x20\x02\x00\x05"


@contextmanager
def listener(reply: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Answers everybody with the same bytes and hangs up: its port, and what it has heard."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    heard.append(peer.recv(1000))
                    peer.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)


def settings(port: int, **more: object) -> BrokerSettings:
    fast = {"retry_first": "20ms", "retry_longest": "50ms", "retry_refused": "50ms", "protocol": "3.1.1"}
    return BrokerSettings.model_validate({"port": port, **fast, **more})


def spoken_to(
    port: int, make: Make = PahoSession, *, until: Callable[[], bool] = lambda: True, **more: object
) -> tuple[list[Message], list[str]]:
    """What comes of such a listener until something is said of it, and a moment longer: messages, words of the log."""
    messages: list[Message] = []
    with capture_logs() as logs:
        session = make(settings(port, **more), (FeedSettings(),), SystemClock())

        def is_enough() -> bool:
            messages.extend(session.receive(wait_s=0.03))
            return bool(logs) and until()

        wait_for(is_enough, "a word about it")
        messages += [one for _ in range(4) for one in session.receive(wait_s=0.03)]
        session.close()
    return messages, [entry["event"] for entry in logs]


@pytest.mark.parametrize(
    ("make", "protocol"), [(PahoSession, "5"), (PahoSession, "3.1.1"), (BulkSession, "5")], ids=str
)
@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00" * 50,
        b"\xff" * 50,
        CONNACK_V4 + b"\x32\x01\x00",  # PUBLISH that is too short for its topic
        CONNACK_V4 + b"\x32\x05\x00\x09abc",
        b"\x20\x03\x00\x00\xff",
        b"\x20\x03\x00\x00\x00" + b"\x32\x08\x00\x01a\x00\x01\x7f\xff\xff",
        b"\x90\x01\x00",
    ],
)
def test_malformed_packets_end_the_connection_and_nothing_else(reply: bytes, make: Make, protocol: str) -> None:
    with listener(reply) as (port, _):
        messages, words = spoken_to(port, make, protocol=protocol)
    assert messages == []
    assert words


def test_refusal_is_said_once_however_often_it_is_tried() -> None:
    with listener(REFUSED_V4) as (port, heard):
        _, words = spoken_to(port, until=lambda: len(heard) >= 3)
    assert words == ["broker refuses us; mend username, password or rights"]


@pytest.mark.parametrize(("make", "protocol"), [(PahoSession, "3.1.1"), (BulkSession, "5")])
def test_outage_is_said_once_however_often_it_is_tried(make: Make, protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert spoken_to(port, make, protocol=protocol)[1] == ["broker not reached"]


@pytest.mark.parametrize("make", [PahoSession, BulkSession])
def test_closed_session_waits_but_receives_nothing(make: Make) -> None:
    clock = SystemClock()
    session = make(settings(1), (FeedSettings(),), clock)
    session.close()
    begun = clock.monotonic()
    assert session.receive(wait_s=0.05) == []
    assert clock.monotonic() - begun >= 0.05


def test_waits_grow_to_the_longest_and_never_vanish() -> None:
    backoff = Backoff(first=1, longest=60)
    waits = [backoff.next_wait() for _ in range(100)]
    assert all(0.5 <= wait <= 60 for wait in waits)
    assert waits[0] <= 1
    assert min(waits[10:]) >= 30


def test_success_shortens_the_waits_again() -> None:
    backoff = Backoff(first=1, longest=60)
    for _ in range(20):
        backoff.next_wait()
    backoff.reset()
    assert backoff.next_wait() <= 1


@pytest.mark.parametrize("make", [PahoSession, BulkSession])
@pytest.mark.parametrize("host", ["mqtt..example", "x" * 70, "does-not-exist.invalid"])
def test_host_that_is_none_is_told_and_tried_again(make: Make, host: str) -> None:
    said = spoken_to(1, make, host=host, protocol="5")[1]
    assert said == ["broker not reached"]


@pytest.mark.parametrize("make", [PahoSession, BulkSession])
def test_certificate_that_vanishes_while_we_run_is_told_and_tried_again(make: Make, tmp_path: Path) -> None:
    """They are exchanged now and then, not always in one step."""
    tls = {"ca": tmp_path / "ca.pem"}
    assert spoken_to(1, make, tls=tls, protocol="5")[1] == ["broker not reached"]


@pytest.mark.parametrize("broken", [{"tls": {"ca": "none.pem"}}, {"username": "city", "password_file": "none"}])
def test_files_that_cannot_be_read_are_named_before_anything_begins(broken: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match="none"):
        open_session(IngestSettings(broker=BrokerSettings.model_validate(broken)), SystemClock())
