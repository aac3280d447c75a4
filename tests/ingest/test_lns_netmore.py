"""Netmore: an array even for one uplink, numbers in texts, payload in hex."""

from typing import Any

import pytest

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.times import of_text
from tests.ingest.lorawan_messages import NETMORE, WITH_WS302, decode, only, skipped, values

DEVICE = "70b3d554600002e7"
SOUND = "017564055b053f02da016a02"


def netmore(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**NETMORE, **changes}.items() if value is not ...}


def test_a_recorded_uplink_without_a_codec_is_kept_as_undecoded() -> None:
    decoded = only(decode([NETMORE]))
    assert (decoded.device, decoded.rejects[0].reason) == (DEVICE, Reason.NO_CODEC)


@pytest.mark.parametrize("spelling", ["payload", "Payload"])
@pytest.mark.parametrize("encoded", [SOUND, SOUND.upper()])
def test_the_payload_is_hex_in_either_case_under_either_spelling(spelling: str, encoded: str) -> None:
    uplink = netmore(**{"payload": ..., spelling: encoded})
    decoded = only(decode([uplink], dialects={DEVICE: WITH_WS302}))
    assert values(decoded) == {"battery": 100.0, "laeq": 47.4, "lamax": 61.8}
    assert decoded.measurements[0].at == of_text("2025-04-10T20:48:22.053Z")


def test_microseconds_and_a_single_object_are_read_too() -> None:
    uplink = netmore(payload=SOUND, timestamp="2025-04-10T20:48:22.053123Z")
    decoded = only(decode(uplink, dialects={DEVICE: WITH_WS302}))
    assert decoded.measurements[0].at == of_text("2025-04-10T20:48:22.053123Z")


def test_signal_in_texts_is_a_number_where_the_dialect_wants_it() -> None:
    dialect = Dialect(codec="milesight-ws302", metrics={"radio.rssi": "rssi", "radio.snr": "snr"})
    decoded = only(decode([netmore(payload="017564")], dialects={DEVICE: dialect}))
    assert values(decoded) == {"battery": 100.0, "rssi": -104.0, "snr": -2.0}


def test_one_bad_uplink_of_an_array_does_not_lose_the_others() -> None:
    good = netmore(payload="017564", messageType="payload.Payload")
    batch = [good, netmore(payload="0175zz"), 7, netmore(devEui=...), netmore(timestamp="yesterday"), good]
    decoded = decode(batch, dialects={DEVICE: WITH_WS302})
    assert [len(one.measurements) for one in decoded] == [1, 0, 0, 0, 0, 1]
    assert [one.rejects[0].reason for one in decoded if one.rejects] == [
        Reason.WRONG_SHAPE,
        Reason.WRONG_SHAPE,
        Reason.WRONG_SHAPE,
        Reason.BAD_TIME,
    ]


def test_a_message_without_payload_is_no_reading() -> None:
    decoded = only(decode([netmore(payload=..., messageType="status")]))
    assert (decoded.rejects, list(skipped(decoded))) == ((), ["messageType"])


def test_uplinks_are_told_apart_by_time_and_bytes_and_the_counter_shows_losses() -> None:
    def known_as(**changes: Any) -> str | None:
        return only(decode([netmore(**changes)])).identity

    assert known_as() == known_as() is not None
    assert known_as() != known_as(timestamp="2025-04-10T20:58:22.053Z")
    assert only(decode([netmore(fCntUp="17")])).sequence == 17


def test_an_empty_array_is_nothing_and_a_number_is_refused() -> None:
    assert not decode([], name="netmore")
    with pytest.raises(Unusable, match="an array of uplinks"):
        decode(7, name="netmore")
