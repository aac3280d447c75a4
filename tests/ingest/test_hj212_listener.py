"""Stations at the listener, over real sockets: answers only for what is durable, bounds on what anybody may do."""

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from domain.errors import Misconfigured
from domain.messages import Message
from ingest.formats.hj212.framing import LONGEST
from ingest.sessions import hj212_connection, hj212_serving
from ingest.sessions.hj212_connection import StationConnection
from ingest.sessions.hj212_door import Door
from ingest.sessions.hj212_listener import Hj212Listener
from ingest.settings import ListenerSettings
from runtime.clock import SystemClock
from tests.free_ports import free_port
from tests.ingest.fakes import pipeline_of
from tests.ingest.hj212_station import frame, framed, packet
from tests.ingest.running import wait_for

NOISE = "DataTime=20261122200000;LA-Rtd=50.1"
WITHIN_S = 60.0
"""What has to come comes at once, but not while the machine is busy elsewhere."""


def settings(**more: object) -> ListenerSettings:
    return ListenerSettings.model_validate({"kind": "hj212", "port": free_port(), **more})


@contextmanager
def listening(wanted: ListenerSettings) -> Iterator[Hj212Listener]:
    listener = Hj212Listener(wanted, SystemClock())
    try:
        listener.receive(wait_s=0)
        wait_for(listener.is_connected, "an open port")
        yield listener
    finally:
        listener.close()


@contextmanager
def station(wanted: ListenerSettings) -> Iterator[socket.socket]:
    with socket.create_connection((wanted.host, wanted.port), timeout=WITHIN_S) as link:
        yield link


def collected(listener: Hj212Listener, count: int) -> list[Message]:
    give_up, found = monotonic() + WITHIN_S, list[Message]()
    while len(found) < count:
        assert monotonic() < give_up, f"{len(found)} of {count} came"
        found += listener.receive(wait_s=0.1)
    return found


def heard(link: socket.socket, wait_s: float = 0.15) -> bytes:
    """What the station is sent within the time; b"" for nothing."""
    link.settimeout(wait_s)
    try:
        return link.recv(65536)
    except TimeoutError:
        return b""


def is_hung_up(link: socket.socket) -> bool:
    link.settimeout(WITHIN_S)
    try:
        return link.recv(65536) == b""
    except ConnectionResetError:
        return True


def test_an_answer_comes_after_the_acknowledgement_and_not_before() -> None:
    wanted = settings()
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(frame(NOISE))
        [message] = collected(listener, 1)
        assert (message.feed, message.topic) == ("hj212", "hj212/NM-0001")
        assert heard(link) == b""
        listener.acknowledge([message])
        answer = "QN=20261122200000123;ST=91;CN=9014;PW=123456;MN=NM-0001;Flag=4;CP=&&&&"
        assert heard(link, WITHIN_S) == framed(answer)


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (frame(NOISE, flag=4), b""),
        (frame(NOISE, flag=1), b"CN=9014;PW=123456;MN=NM-0001;Flag=0;CP"),
        (frame("", cn="1013"), b"CN=9013;"),
        (frame("", cn="9015", flag=9), b"CN=9013;PW=123456;MN=NM-0001;Flag=8;CP"),
        (frame("QnRtn=1", cn="9011"), b""),
        (framed(packet(NOISE), checksum="BEEF"), b""),
        (frame(f"{NOISE},LA-Flag=N", flag=7, part=(1, 2)), b"CN=9014;PW=123456;MN=NM-0001;Flag=6;PNUM=2;PNO=1;CP"),
    ],
    ids=["none wanted", "2005", "notice", "heartbeat", "an answer itself", "damaged", "part"],
)
def test_who_asks_is_answered_in_his_own_edition(content: bytes, answer: bytes) -> None:
    wanted = settings()
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(content)
        listener.acknowledge(collected(listener, 1))
        came = heard(link, WITHIN_S if answer else 0.15)
    assert answer in came
    assert bool(came) == bool(answer)


def test_parts_that_mean_nothing_alone_are_answered_when_all_are_durable() -> None:
    wanted = settings()
    one, two = (frame(text, flag=7, part=(i, 2)) for i, text in ((1, "DataTime=20261122200000;LA-Rtd=5"), (2, "0.1")))
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(one)
        listener.acknowledge(collected(listener, 1))
        assert heard(link, 0.3) == b""
        link.sendall(two)
        listener.acknowledge(collected(listener, 1))
        link.settimeout(WITHIN_S)
        wait_for(lambda: b"PNO=2" in link.recv(65536, socket.MSG_PEEK), "both answers")
        assert heard(link).count(b"CN=9014") == 2


def test_a_part_without_its_siblings_is_answered_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sessions.hj212_answers.WITHHELD_S", 0.1)
    wanted = settings()
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(frame("DataTime=20261122200000;LA-Rtd=5", flag=7, part=(1, 2)))
        listener.acknowledge(collected(listener, 1))
        assert b"PNO=1" in heard(link, WITHIN_S)


def test_halves_sticky_frames_and_garbage_arrive_as_frames_and_garbage() -> None:
    wanted = settings()
    one = frame(NOISE)
    with listening(wanted) as listener, station(wanted) as link:
        for begin in range(0, len(one), 7):
            link.sendall(one[begin : begin + 7])
        link.sendall(b"IMEI 8625 ##" + one + one)
        messages = collected(listener, 4)
    assert [message.payload for message in messages] == [one.strip(), b"IMEI 8625 ##", one.strip(), one.strip()]
    assert messages[1].topic == "hj212"


def test_half_a_frame_at_the_end_of_a_connection_is_not_lost_in_silence() -> None:
    wanted = settings()
    with listening(wanted) as listener:
        with station(wanted) as link:
            link.sendall(frame(NOISE)[:50])
        assert collected(listener, 1)[0].payload == frame(NOISE)[:50]


def test_a_frame_that_is_sent_again_after_a_lost_answer_is_one_reading() -> None:
    wanted, pipeline = settings(), pipeline_of()
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(frame(NOISE))
        first = _now(collected(listener, 1))
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(frame(NOISE))
        again = _now(collected(listener, 1))
    settled = [pipeline.settle(messages, messages[0].received) for messages in (first, again)]
    assert [len(one.readings) for one in settled] == [1, 0]
    assert [one.ledger[0].readings.duplicate for one in settled] == [0, 1]


def _now(messages: Sequence[Message]) -> list[Message]:
    """The same, received when the frame says it was sent."""
    moment = 1_795_348_800_000_000  # 2026-11-22T20:00:00+08:00
    return [Message(feed=m.feed, topic=m.topic, payload=m.payload, received=moment, token=m.token) for m in messages]


def test_a_wrong_password_is_not_heard_and_ends_the_connection() -> None:
    wanted = settings(password="654321")
    with listening(wanted) as listener, capture_logs() as logs:
        with station(wanted) as link:
            link.sendall(b"garbage" + frame(NOISE))
            assert is_hung_up(link)
        wait_for(lambda: any(entry["event"] == "station left" for entry in logs), "its word about the station")
        assert listener.receive(wait_s=0.1) == []
    assert "wrong password" in next(entry["reason"] for entry in logs if entry["event"] == "station left")


def test_the_right_password_is_heard(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("123456\n", encoding="utf-8")
    wanted = settings(password_file=str(file))
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(frame(NOISE))
        assert len(collected(listener, 1)) == 1


def test_a_password_file_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        Hj212Listener(settings(password_file=str(tmp_path / "none")), SystemClock())


def test_what_is_no_station_is_shown_the_door() -> None:
    wanted = settings()
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(b"GET / HTTP/1.1\r\n" * 1000)
        assert is_hung_up(link)
        kept = sum(len(message.payload) for message in (*collected(listener, 1), *listener.receive(wait_s=0.2)))
    assert 0 < kept <= 20_000


def test_many_beginnings_of_frames_are_not_many_messages() -> None:
    wanted = settings()
    with listening(wanted) as listener, station(wanted) as link:
        link.sendall(b"##0012QN=1;" * 5000)
        assert is_hung_up(link)
        assert len([*collected(listener, 1), *listener.receive(wait_s=0.2)]) < 500


CHUNKS = st.lists(
    st.binary(max_size=50)
    | st.sampled_from([b"##", b"##0100QN=", b"CP=&&", b"&&1C80", b"\r\n", frame(NOISE), b"x" * 9000, b"\xff" * 3000]),
    max_size=30,
)


@given(chunks=CHUNKS)
@hypothesis_settings(deadline=None)
def test_a_connection_bears_any_bytes_and_keeps_few(chunks: list[bytes]) -> None:
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        connection = StationConnection(here, "peer", now=0)
        for chunk in chunks:
            there.sendall(chunk)
            arrivals = connection.read(now=1)
            assert sum(len(one.content) for one in arrivals) <= hj212_connection._CHUNK
            assert len(connection._waiting) <= LONGEST


def test_a_silent_station_is_parted_with() -> None:
    wanted = settings(idle="200ms")
    with listening(wanted), station(wanted) as link:
        assert is_hung_up(link)


def test_no_more_stations_than_there_is_room_for() -> None:
    wanted = settings(connections=2)
    with listening(wanted) as listener, station(wanted) as one, station(wanted) as two:
        for link in (one, two):
            link.sendall(frame(NOISE))
        collected(listener, 2)
        with station(wanted) as third:
            assert is_hung_up(third)
        one.close()
        wait_for(lambda: _is_let_in(wanted), "room for another")


def _is_let_in(wanted: ListenerSettings) -> bool:
    with station(wanted) as link:
        link.settimeout(0.1)
        try:
            return link.recv(1) != b""
        except TimeoutError:
            return True
        except ConnectionResetError:
            return False


def test_a_flood_waits_in_the_stations_own_buffers_and_comes_on_when_it_is_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hj212_serving, "MOST_UNSETTLED_EACH", 50)
    monkeypatch.setattr(hj212_connection, "_CHUNK", 1000)
    wanted, count = settings(), 3000
    flood = b"".join(frame(NOISE, qn=f"20261122{number:09d}", flag=4) for number in range(count))
    with listening(wanted) as listener, station(wanted) as link, station(wanted) as other:
        link.setblocking(False)
        sent = link.send(flood)
        held = collected(listener, 50)
        assert len(listener.receive(wait_s=0.3)) + len(held) < 80  # fifty, and what a read beyond them brings
        other.sendall(frame(NOISE, mn="NM-0002"))
        assert collected(listener, 1)[-1].topic == "hj212/NM-0002"
        link.setblocking(True)
        listener.acknowledge(held)
        got = len(held)
        while got < 500:
            messages = collected(listener, 1)
            listener.acknowledge(messages)
            got += len(messages)
        assert sent > 0


def test_an_open_port_in_other_hands_is_said_once_and_tried_again() -> None:
    wanted = settings()
    with socket.create_server((wanted.host, wanted.port)), capture_logs() as logs:
        listener = Hj212Listener(wanted, SystemClock())
        listener.receive(wait_s=0)
        wait_for(lambda: any(entry["log_level"] == "error" for entry in logs), "its word about the port")
        listener.receive(wait_s=0.7)
        assert not listener.is_connected()
    try:
        wait_for(listener.is_connected, "the port")
    finally:
        listener.close()
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "hj212 listener cannot listen; free the port or name another"
    ]


def test_closing_frees_the_port_and_ends_the_connections() -> None:
    wanted = settings()
    with listening(wanted), station(wanted) as link:
        link.sendall(frame(NOISE))
    with listening(wanted) as listener:
        assert listener.is_connected()
    assert listener.receive(wait_s=0) == []


def test_close_before_the_first_receive_and_twice() -> None:
    listener = Hj212Listener(settings(), SystemClock())
    listener.close()
    listener.close()
    assert listener.receive(wait_s=0) == []


class _NoMoreFiles(socket.socket):
    def accept(self) -> tuple[socket.socket, object]:
        raise OSError(errno.EMFILE, "Too many open files")


def test_a_process_without_files_left_says_so_once_and_goes_on() -> None:
    with _NoMoreFiles() as listening_socket, capture_logs() as logs:
        door = Door(settings(), SystemClock())
        door.socket = listening_socket
        for _ in range(2):
            with pytest.raises(OSError, match="Too many open files"):
                door.let_in(inside=0)
    assert [entry["event"] for entry in logs] == ["hj212 listener may open no more files; raise the limit"]


def test_a_listener_whose_thread_has_died_says_so_instead_of_being_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(hj212_serving.StationServer, "_look_round", break_down)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    listener = Hj212Listener(settings(), SystemClock())
    with pytest.raises(RuntimeError, match="has died"):
        while not listener.receive(wait_s=0.01):
            pass
    listener.close()
