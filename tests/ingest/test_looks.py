"""Bytes that are no JSON are told by their looks, with what to do; a byte order mark alone does no harm."""

import gzip
import re
import zlib

import msgspec
import pytest

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.json_text import parsed
from ingest.formats.native import Report, read_reports
from tests.ingest.fakes import message

UP = "citybrain/v1/up/NM-0001"
SMALL = '{"t": "2026-11-22T21:15:00+08:00", "v": {"laeq": 58.4}}'
CHINESE = SMALL.replace('"v"', '"id": "中山路", "v"')
FRENCH = SMALL.replace('"v"', '"id": "été", "v"')
ZSTD = b"\x28\xb5\x2f\xfd\x24\x37"

LOOKS = [
    (gzip.compress(SMALL.encode(), mtime=0), "looks like gzip; send it uncompressed"),
    (zlib.compress(SMALL.encode()), "looks like zlib; send it uncompressed"),
    (ZSTD, "looks like zstd; send it uncompressed"),
    (SMALL.encode("utf-16"), "looks like UTF-16; send it as UTF-8"),
    (SMALL.encode("utf-16-le"), "looks like UTF-16; send it as UTF-8"),
    (f"[{SMALL}]".encode("utf-16-be"), "looks like UTF-16; send it as UTF-8"),
    (SMALL.encode("utf-32"), "looks like UTF-32; send it as UTF-8"),
    (SMALL.encode("utf-32-le"), "looks like UTF-32; send it as UTF-8"),
    (CHINESE.encode("gbk"), "looks like GBK (GB 18030); send it as UTF-8"),
    (FRENCH.encode("latin-1"), "looks like Latin-1 (Windows-1252); send it as UTF-8"),
]


def refused(payload: bytes, topic: str = UP) -> Unusable:
    with pytest.raises(Unusable) as caught:
        for part in Formats(FormatChoice()).decode(message(payload, topic=topic)):
            raise Unusable(part.rejects[0].reason, part.rejects[0].detail)
    return caught.value


@pytest.mark.parametrize(("payload", "words"), LOOKS)
def test_the_quarantine_says_what_a_native_message_looks_like(payload: bytes, words: str) -> None:
    found = refused(payload)
    assert (found.reason, words in found.detail) == (Reason.NOT_JSON, True), found.detail


@pytest.mark.parametrize(("payload", "words"), LOOKS)
def test_every_other_format_of_json_says_it_too(payload: bytes, words: str) -> None:
    with pytest.raises(Unusable, match=re.escape(words)):
        parsed(payload)


@pytest.mark.parametrize(("payload", "words"), LOOKS[:8])
def test_the_short_way_of_plain_messages_says_it_too(payload: bytes, words: str) -> None:
    [why] = read_reports([payload])
    assert isinstance(why, str) and words in why


def test_the_place_of_a_letter_is_counted_from_the_first_byte_of_the_message() -> None:
    payload = CHINESE.encode("gbk")
    assert f"(byte {payload.index('中'.encode('gbk'))})" in refused(payload).detail


def test_a_message_on_a_topic_that_nobody_knows_is_told_by_its_looks_too() -> None:
    found = refused(gzip.compress(b"{}", mtime=0), topic="bridge/7")
    assert (found.reason, "looks like gzip" in found.detail) == (Reason.UNKNOWN_TOPIC, True)


def test_what_is_cut_off_is_told_in_the_words_of_the_parser_alone() -> None:
    assert refused(SMALL[:30].encode()).detail == "Input data was truncated"


@pytest.mark.parametrize("topic, text", [(UP, SMALL), (UP, f"\n[{SMALL}]"), ("bridge/7", '{"bn": "a", "v": 5}')])
def test_a_byte_order_mark_changes_nothing(topic: str, text: str) -> None:
    def outcome(payload: bytes) -> object:
        try:
            return Formats(FormatChoice()).decode(message(payload, topic=topic))
        except Unusable as exc:
            return exc.reason, exc.detail

    assert outcome(text.encode("utf-8-sig")) == outcome(text.encode())


def test_a_marked_message_among_plain_ones_goes_the_general_way() -> None:
    plain, marked = read_reports([SMALL.encode(), SMALL.encode("utf-8-sig")])
    assert (isinstance(plain, Report), marked) == (True, None)


def test_a_mark_in_front_of_anything_else_is_no_json() -> None:
    assert refused("\ufeffhello".encode()).reason is Reason.NOT_JSON


def test_the_mark_of_a_marked_message_counts_as_a_format_of_its_own_to_nobody() -> None:
    formats = Formats(FormatChoice())
    text = msgspec.json.encode({"linkquality": 5, "temperature": 3})
    names = {formats.format_of(message(payload, topic="bridge/7")) for payload in (text, b"\xef\xbb\xbf" + text)}
    assert len(names) == 1


def test_of_a_large_text_the_beginning_is_looked_at_and_may_be_cut_in_the_middle_of_a_letter() -> None:
    for shift in range(4):
        payload = ('{"v":{"laeq":50},"t":"噪' + "x" * shift + "噪声区" * 500 + '"}').encode("gbk")
        assert "looks like GBK" in refused(payload).detail
