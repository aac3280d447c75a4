"""Codecs: the vendors' own examples, what is cut short or unknown, and records with their own time."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.codes import shipped_codes
from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Reason
from ingest.codecs.table import CODECS, chosen
from ingest.codecs.values import CodecValue, taken
from ingest.formats.lorawan import Uplink, told
from ingest.formats.telling import Moment
from ingest.formats.times import of_epoch

NETWORK_TIME = 1_790_000_000_000_000


def read(name: str, hexadecimal: str) -> dict[str, object]:
    return {value.code: value.value for value in CODECS[name](bytes.fromhex(hexadecimal), None)}


def test_a_ws302_reads_as_in_its_vendors_example() -> None:
    expected = {"battery": 100, "LAF": 57.5, "LAeq": 47.4, "LAFmax": 61.8}
    assert read("milesight-ws302", "017564055B053F02DA016A02") == expected


def test_another_weighting_of_a_ws302_is_named_and_not_taken_for_db_a() -> None:
    assert list(read("milesight-ws302", "055B0A3F02DA016A02")) == ["LCS", "LCeq", "LCSmax"]
    assert shipped_codes("lorawan")["lceq"].metric is None


def test_an_em310_tilt_reads_as_in_its_vendors_example() -> None:
    values = read("milesight-em310-tilt", "03CF00000000282307")
    assert [values[f"angle_{axis}"] for axis in "xyz"] == [0.0, 0.0, 90.0]
    assert [values[f"threshold_{axis}"] for axis in "xyz"] == ["trigger"] * 3


def test_angles_are_signed_and_each_threshold_has_its_own_bit() -> None:
    values = read("milesight-em310-tilt", "03CF" + struct.pack("<hhh", -4500, 30, 4500).hex() + "02")
    assert (values["angle_x"], values["angle_y"]) == (-45.0, 0.3)
    assert [values[f"threshold_{axis}"] for axis in "xyz"] == ["normal", "trigger", "normal"]


def test_what_a_device_says_of_itself_is_passed_over() -> None:
    start_up = "FF0BFF FF0101 FF166785A0B1C2D3E4F5 FF090110 FF0A0110 FF0F00 FFFF0100 FFFE01"
    assert read("milesight-em310-tilt", start_up + "017562") == {"battery": 98}
    assert read("milesight-em310-tilt", "FE03B004" + "017562") == {"battery": 98}


@pytest.mark.parametrize("tail", ["05", "055B", "055B053F02DA016A", "0999"])
def test_what_stands_before_the_unreadable_byte_is_kept(tail: str) -> None:
    seen = []
    with pytest.raises(Unusable) as caught:
        for value in CODECS["milesight-ws302"](bytes.fromhex("017564" + tail), None):
            seen.append(value)
    assert (caught.value.reason, [value.code for value in seen]) == (Reason.WRONG_SHAPE, ["battery"])


@pytest.mark.parametrize("name", CODECS)
@given(payload=st.binary(max_size=64), port=st.none() | st.integers(0, 255))
def test_any_bytes_raise_nothing_but_unusable(name: str, payload: bytes, port: int | None) -> None:
    try:
        list(CODECS[name](payload, port))
    except Unusable as problem:
        assert problem.reason is Reason.WRONG_SHAPE


@pytest.mark.parametrize("name", CODECS)
@given(tail=st.binary(max_size=24))
def test_every_word_of_a_codec_stands_in_the_table_of_codes(name: str, tail: bytes) -> None:
    words = set()
    try:
        for value in CODECS[name](bytes.fromhex("055B053F02DA016A02") + tail, None):
            words.add(re.sub("threshold_[xyz]", "threshold", value.code).casefold())
    except Unusable:
        pass  # what it has read so far is held against the table
    assert words <= shipped_codes("lorawan").keys()


def test_a_dialect_without_a_codec_and_one_with_an_unknown_one_say_so() -> None:
    for name in (None, "acme"):
        with pytest.raises(Unusable, match="no-codec: undecoded") as caught:
            chosen(name, CODECS)
        assert caught.value.reason is Reason.NO_CODEC


def test_every_codec_is_in_the_guide_and_the_guide_names_no_other() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "codecs.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z0-9-]+)`", guide, re.MULTILINE) == sorted(CODECS)


def buffered(payload: bytes, port: int | None) -> Iterator[CodecValue]:
    """Records of 8 bytes, newest first: u32 epoch in seconds, i16 tenths of a degree, u16 that is 65535 for nothing."""
    for at in range(0, len(payload), 8):
        epoch, temperature, humidity = struct.unpack("<IhH", taken(payload, at, 8))
        moment = of_epoch(epoch)
        yield CodecValue(code="temperature", value=temperature / 10, at=moment)
        yield CodecValue(code="humidity", value=humidity, at=moment)


def buffer_of(*records: tuple[int, int, int]) -> bytes:
    return b"".join(struct.pack("<IhH", *record) for record in records)


def tell_buffer(payload: bytes) -> list[tuple[str, float, int | None]]:
    uplink = Uplink(device="d", moment=Moment(at=NETWORK_TIME), payload=payload)
    decoded = told(uplink, lambda name: Dialect(codec="buffered"), {"buffered": buffered})
    assert not decoded.rejects or decoded.rejects[0].reason in (Reason.WRONG_SHAPE, Reason.BAD_TIME)
    return [(one.metric, one.value, one.at) for one in decoded.measurements]


def test_a_buffered_uplink_is_many_readings_at_the_devices_own_times_newest_first() -> None:
    newest, oldest = 1_789_999_100, 1_789_996_400
    told_values = tell_buffer(buffer_of((newest, 215, 40), (oldest, 198, 65535)))
    assert told_values == [
        ("temperature", 21.5, newest * 1_000_000),
        ("humidity", 40.0, newest * 1_000_000),
        ("temperature", 19.8, oldest * 1_000_000),
    ]


def test_a_record_that_is_cut_short_or_without_a_clock_does_not_lose_those_before_it() -> None:
    whole = buffer_of((1_789_999_100, 215, 40))
    assert len(tell_buffer(whole + b"\x01\x02")) == 2
    assert len(tell_buffer(whole + buffer_of((0, 215, 40)))) == 2
