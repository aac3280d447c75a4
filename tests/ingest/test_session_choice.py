"""Which session speaks to a broker: by the settings, and by what the broker understands."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from mqtt5 import ConnAckPacket, ConnAckReasonCode
from pydantic import ValidationError
from structlog.testing import capture_logs

from domain.ports import Session
from ingest.sessions.bulk import BulkSession
from ingest.sessions.opening import open_broker_session
from ingest.sessions.paho import PahoSession
from ingest.sessions.version import VersionFindingSession
from ingest.settings import BrokerSettings, IngestSettings
from runtime.clock import SystemClock
from tests.ingest.running import wait_for
from tests.ingest.speaking import speaking

ACCEPTED_V5 = ConnAckPacket().write()
ACCEPTED_V4 = b"\x20\x02\x00\x00"
V5, V4 = 5, 4
"""Protocol levels in CONNECT."""


def opened(port: object = 1, **more: object) -> Session:
    known: dict[str, object] = {"port": port, "retry_first": "10ms", "retry_longest": "20ms", **more}
    return open_broker_session(IngestSettings(broker=BrokerSettings.model_validate(known)), SystemClock(), None)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, VersionFindingSession),
        ({"session": "bulk"}, BulkSession),
        ({"session": "paho"}, PahoSession),
        ({"protocol": "3.1.1"}, PahoSession),
        ({"protocol": 5, "transport": "websockets"}, PahoSession),
        ({"protocol": "3.1.1", "session": "paho"}, PahoSession),
    ],
)
def test_settings_choose_the_session(settings: dict[str, object], kind: type) -> None:
    assert type(opened(**settings)) is kind


@pytest.mark.parametrize("other", [{"protocol": "3.1.1"}, {"transport": "websockets"}])
def test_bulk_with_what_it_cannot_speak_is_refused_with_what_to_write(other: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="write session: auto, or protocol: 5 with transport: tcp"):
        BrokerSettings.model_validate({"session": "bulk", **other})


@contextmanager
def tried(answers: dict[int, bytes], *, outside_after: int = 0) -> Iterator[tuple[Session, list[int], list[str]]]:
    """A session that a broker with these answers has let in, or has kept outside so many times: the levels of its
    CONNECTs, and its log.
    """
    with speaking(lambda connect: answers.get(level(connect), b"")) as (port, heard), capture_logs() as logs:
        session = opened(port)

        def is_settled() -> bool:
            session.receive(wait_s=0.05)
            return bool(logs) and len(heard) >= outside_after if outside_after else session.is_connected()

        wait_for(is_settled, "the end of its attempts")
        for _ in range(10 if outside_after else 0):
            session.receive(wait_s=0.05)
        yield session, [level(one) for one in heard], [entry["event"] for entry in logs]
        session.close()


def level(connect: bytes) -> int:
    """CONNECT: type, length in one byte, then "MQTT" with its length in two, then the level."""
    return connect[8]


def test_broker_of_today_is_spoken_to_in_mqtt_5() -> None:
    with tried({V5: ACCEPTED_V5, V4: ACCEPTED_V4}) as (session, levels, _):
        assert (session.is_connected(), levels) == (True, [V5])


OLD_BROKERS = {
    "refuses the version in MQTT 3": b"\x20\x02\x00\x01",
    "refuses the version in MQTT 5": ConnAckPacket(reason_code=ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION).write(),
    "greets in MQTT 3": ACCEPTED_V4,
}


@pytest.mark.parametrize("answer", OLD_BROKERS.values(), ids=OLD_BROKERS.keys())
def test_broker_that_refuses_mqtt_5_is_spoken_to_in_3_at_once(answer: bytes) -> None:
    with tried({V5: answer, V4: ACCEPTED_V4}) as (session, levels, words):
        assert (session.is_connected(), levels) == (True, [V5, V4])
    assert words.count("broker does not speak MQTT 5; going on in MQTT 3.1.1, which is slower") == 1


def test_broker_that_hangs_up_on_mqtt_5_is_spoken_to_in_3_after_two_attempts() -> None:
    with tried({V4: ACCEPTED_V4}) as (session, levels, _):
        assert (session.is_connected(), levels) == (True, [V5, V5, V4])


def test_broker_that_hangs_up_on_everybody_is_tried_in_both_versions_and_told_once() -> None:
    with tried({}, outside_after=6) as (session, levels, words):
        assert not session.is_connected()
    assert {V5, V4} == set(levels)
    assert len(words) == 1


def test_wrong_password_is_no_question_of_the_version() -> None:
    refusal = ConnAckPacket(reason_code=ConnAckReasonCode.NOT_AUTHORIZED).write()
    with tried({V5: refusal, V4: ACCEPTED_V4}, outside_after=1) as (session, levels, words):
        assert (session.is_connected(), levels) == (False, [V5])
    assert words == ["broker refuses us; mend username, password or rights"]


def test_version_that_was_greeted_once_is_kept_over_later_hang_ups() -> None:
    answers: Sequence[bytes] = [ACCEPTED_V5, b"", b"", b"", ACCEPTED_V5]
    count = iter(range(100))
    with speaking(lambda _: answers[min(next(count), 4)]) as (port, heard):
        session = opened(port)
        wait_for(lambda: not session.receive(wait_s=0.02) and len(heard) > 5, "six attempts")
        session.close()
    assert {level(one) for one in heard} == {V5}
