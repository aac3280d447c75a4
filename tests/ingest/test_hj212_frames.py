"""The frames of HJ 212: checksums as stations write them, and streams cut into frames wherever they break."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.hj212.crc import Check, checked, checksum
from ingest.formats.hj212.framing import LONGEST, cut
from ingest.formats.hj212.packet import opened
from tests.ingest.hj212_station import crc, frame, framed, packet

SAMPLES = json.loads((Path(__file__).parents[1] / "samples" / "hj212" / "frames.json").read_text(encoding="utf-8"))
SPACED = packet("DataTime=20261122200000; LA-Rtd=50.1")
PLAIN = packet("DataTime=20261122200000;LA-Rtd=50.1")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["source"])
def test_recorded_frames_are_accepted_or_refused_as_their_checksum_says(sample: dict[str, object]) -> None:
    recorded = str(sample["frame"]).encode()
    if sample["crc_ok"]:
        assert opened(recorded).check is Check.EXACT
    else:
        with pytest.raises(Unusable, match=rf"CRC {sample['crc_field']} on the wire, {sample['crc_calc']} computed"):
            opened(recorded)


@given(st.binary(max_size=300))
def test_the_table_of_the_checksum_agrees_with_the_standard_bit_by_bit(segment: bytes) -> None:
    assert checksum(segment) == crc(segment)


def modbus(content: bytes) -> int:
    register = 0xFFFF
    for byte in content:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


def test_modbus_of_its_check_string() -> None:
    assert checked(b"123456789", 0x4B37) is Check.MODBUS


@pytest.mark.parametrize(
    ("written", "check"),
    [
        (f"{crc(SPACED.encode()):04x}", Check.EXACT),
        (f"{crc(SPACED.encode()) & 0xFF:02X}{crc(SPACED.encode()) >> 8:02X}", Check.SWAPPED),
        (f"{crc(PLAIN.encode()):04X}", Check.WITHOUT_BLANKS),
        (f"{modbus(SPACED.encode()):04X}", Check.MODBUS),
        ("1234", Check.PLACEHOLDER),
    ],
    ids=["lower case", "swapped", "without blanks", "modbus", "placeholder"],
)
def test_wild_checksums_are_known_for_what_they_are(written: str, check: Check) -> None:
    found = opened(framed(SPACED, checksum=written, end=b""))
    assert (found.check, bool(found.notices)) == (check, check is not Check.EXACT)


@pytest.mark.parametrize(("length", "is_right"), [("0123", False), (f"{len(PLAIN):03d}", True)])
def test_an_exact_checksum_vouches_for_a_frame_with_an_odd_length(length: str, is_right: bool) -> None:
    found = opened(framed(PLAIN, length=length, end=b""))
    assert found.check is Check.EXACT
    assert found.notices


def test_a_placeholder_with_a_wrong_length_proves_nothing() -> None:
    with pytest.raises(Unusable) as caught:
        opened(framed(PLAIN, length="0123", checksum="1234", end=b""))
    assert caught.value.reason is Reason.WRONG_SHAPE


@pytest.mark.parametrize("mn", ["", "null", "NULL", " "])
def test_a_station_without_a_name_is_refused(mn: str) -> None:
    with pytest.raises(Unusable, match="names no station"):
        opened(framed(packet("DataTime=20261122200000;LA-Rtd=1", mn=mn), end=b""))


def test_a_missing_semicolon_before_the_content_as_the_standard_itself_prints_it() -> None:
    found = opened(framed(PLAIN.replace("Flag=5;CP", "Flag=5CP"), end=b""))
    assert (found.flag, found.content) == (5, "DataTime=20261122200000;LA-Rtd=50.1")


def test_a_length_in_characters_is_as_good_as_one_in_bytes() -> None:
    segment = packet("DataTime=20261122200000;LA-Rtd=50.1;Info=//设备正常//")
    assert opened(framed(segment, length=f"{len(segment):04d}", end=b"")).notices == ()


def test_sticky_frames_come_apart_and_the_garbage_between_them_is_kept() -> None:
    one, two = frame("DataTime=20261122200000;LA-Rtd=50.1"), framed(SPACED, end=b"")
    pieces, rest = cut(b"## noise ##12" + one + b"\0\0hello##" + two + two, is_all=False)
    assert [piece.content for piece in pieces if piece.is_frame] == [one.strip(), two, two]
    assert [piece.content for piece in pieces if not piece.is_frame] == [b"## noise ##12", b"hello##"]
    assert rest == b""


def test_a_frame_that_breaks_off_is_given_up_when_the_next_begins() -> None:
    one = frame("DataTime=20261122200000;LA-Rtd=50.1")
    pieces, _ = cut(one[:70] + one, is_all=False)
    assert [(piece.is_frame, piece.content) for piece in pieces] == [(False, one[:70]), (True, one.strip())]


def test_a_line_that_ends_without_a_checksum_is_given_up() -> None:
    assert cut(b"##0100QN=20261122200000123;ST=23;CN=2011\r\n", is_all=False)[1] == b""


def test_what_is_no_frame_does_not_pile_up() -> None:
    assert len(cut(b"x" * 100_000, is_all=False)[1]) < 32
    assert len(cut(b"##9999QN=" + b"x" * (2 * LONGEST), is_all=False)[1]) == 0


@given(
    values=st.lists(st.integers(300, 1200), min_size=1, max_size=6),
    junk=st.lists(st.binary(max_size=20), min_size=7, max_size=7),
    breaks=st.sets(st.integers(0, 1200), max_size=12),
)
@settings(deadline=None)
def test_frames_survive_a_stream_that_breaks_anywhere(values: list[int], junk: list[bytes], breaks: set[int]) -> None:
    frames = [frame(f"DataTime=20261122200000;LA-Rtd={value / 10}") for value in values]
    harmless = [part.replace(b"#", b"").replace(b"&", b"") for part in junk]
    stream = b"".join(part + one for part, one in zip(harmless, frames, strict=False))
    edges = [0, *sorted(edge for edge in breaks if edge < len(stream)), len(stream)]
    found, rest = [], b""
    for begin, end in pairwise(edges):
        pieces, rest = cut(rest + stream[begin:end], is_all=False)
        found += [piece.content for piece in pieces if piece.is_frame]
    assert found == [one.strip() for one in frames]


@given(st.lists(st.sampled_from([b"##", b"0012", b"QN=", b"CP=&&", b"&&", b"1C80", b"\r\n", b"#", b"x"]), max_size=60))
@settings(deadline=None)
def test_no_byte_of_a_stream_is_lost_but_blanks(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    pieces, rest = cut(stream, is_all=True)
    assert rest == b""
    assert b"".join(piece.content for piece in pieces).translate(None, b"\r\n") == stream.translate(None, b"\r\n")
    waiting = cut(stream, is_all=False)[1]
    assert stream.endswith(waiting) or stream.rstrip().endswith(waiting.rstrip())
