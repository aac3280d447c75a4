"""What the decoder of HJ 212 makes of frames: measurements, what it leaves out and what it refuses."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.devices import PLAIN, Dialect
from domain.instants import MICROS_PER_S
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.formats.decoded import Decoded
from ingest.formats.hj212.decoder import Hj212, looks_like
from ingest.formats.hj212.parts import WAIT_S, Parts
from ingest.formats.times import of_text
from tests.ingest.hj212_station import crc, frame, framed, packet

SAMPLES = json.loads((Path(__file__).parents[1] / "samples" / "hj212" / "frames.json").read_text(encoding="utf-8"))
DUST_AND_NOISE = (
    b"##0239QN=20180821142509000;ST=39;CN=2011;PW=123456;MN=690000D5800028F889221AC0;Flag=4;CP=&&"
    b"DataTime=20180821142509;a34004-Rtd=0.0;a34002-Rtd=0.0;a34001-Rtd=0.0;LA-Rtd=0.0;a01001-Rtd=0.0;a01002-Rtd=0.0;"
    b"a01006-Rtd=0.0;a01007-Rtd=0.0;a01008-Rtd=0&&E541"
)
EIGHT = of_text("2026-11-22T20:00:00+08:00")
MINUTE = 60 * MICROS_PER_S
AIR = Dialect(units={"a34004": "µg/m³", "a34002": "µg/m³", "a21005": "mg/m³", "a01006": "kPa"})


def message(payload: bytes, *, received: int = EIGHT or 0) -> Message:
    return Message(feed="hj212", topic="hj212/NM-0001", payload=payload, received=received)


def told(payload: bytes, dialect: Dialect = PLAIN) -> Sequence[Decoded]:
    return Hj212().decode(message(payload), lambda _: dialect)


def said(content: str, dialect: Dialect = PLAIN, **more: object) -> Decoded:
    [decoded] = told(frame(content, **more), dialect)
    return decoded


def values(decoded: Decoded) -> Mapping[str, float]:
    return {one.metric: one.value for one in decoded.measurements}


def reasons(decoded: Decoded) -> list[Reason]:
    return [reject.reason for reject in decoded.rejects]


def skipped(decoded: Decoded) -> list[str]:
    return [one.field for one in decoded.skipped]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["source"])
def test_every_item_of_a_recorded_frame_has_an_end(sample: dict[str, object]) -> None:
    recorded = str(sample["frame"])
    decoded = told(recorded.encode(), AIR)
    if "CN=2011" not in recorded:
        assert decoded == []
    elif not sample["crc_ok"]:
        assert reasons(decoded[0]) == [Reason.WRONG_SHAPE]
    else:
        [one] = decoded
        told_of = len(one.measurements) + len(one.rejects) + len(one.skipped)
        assert told_of == recorded.count("-Rtd=")
        assert one.device in recorded


def test_the_standards_own_frame_of_noise_with_its_blank() -> None:
    [decoded] = told(str(SAMPLES[-1]["frame"]).encode())
    [one] = decoded.measurements
    assert (decoded.device, one.metric, one.value, one.unit) == ("010000A8900016F000169DC0", "laeq", 50.1, "dB(A)")
    assert (one.at, one.span_s, one.quality) == (of_text("2016-08-01T08:58:57+08:00"), 0.0, Quality.GOOD)


def test_dust_and_noise_in_one_frame_with_a_dialect_and_without() -> None:
    [plain] = told(DUST_AND_NOISE)
    assert reasons(plain) == [Reason.UNKNOWN_UNIT] * 3  # PM2.5, PM10, pressure; TSP is nobody's metric
    assert "units: {a34004: µg/m³}" in plain.rejects[0].detail
    assert skipped(plain) == ["a34001", "LA"]
    [known] = told(DUST_AND_NOISE, AIR)
    assert (reasons(known), values(known)["pm2_5"]) == ([], 0.0)
    assert [one.unit for one in known.measurements if one.metric in ("pm10", "pressure")] == ["µg/m³", "kPa"]


@pytest.mark.parametrize(
    ("cn", "dialect", "span_s"),
    [
        ("2011", PLAIN, 0),
        ("2051", PLAIN, 600),
        ("2051", Dialect(units={"MinInterval": "5m"}), 300),
        ("2061", PLAIN, 3600),
        ("2031", PLAIN, 86400),
    ],
)
def test_the_time_of_an_interval_is_its_start_on_the_wire_and_its_end_here(
    cn: str, dialect: Dialect, span_s: float
) -> None:
    [one] = said("DataTime=20261122200000;Leq-Data=50.1", dialect, cn=cn).measurements
    assert (one.at, one.span_s) == ((EIGHT or 0) + span_s * MICROS_PER_S, span_s)


def test_noise_of_an_interval() -> None:
    decoded = said(
        "DataTime=20261122200000;L5-Data=53.0;L10-Data=53.0;L50-Data=49.0;L90-Data=45.0;L95-Data=43.0;"
        "Leq-Data=50.0;LMx-Data=54.0;LMn-Data=42.0;Ldn-Data=50.0;Ld-DayData=52.5;Leq-NightData=50",
        cn="2031",
    )
    assert values(decoded) == {"la10": 53.0, "la50": 49.0, "la90": 45.0, "laeq": 50.0, "lamax": 54.0}
    assert skipped(decoded) == ["L5", "L95", "Leq-nightdata", "LMn", "Ldn", "Ld-daydata"]
    assert decoded.rejects == ()


def test_an_average_is_the_value_and_a_maximum_only_that_of_noise() -> None:
    decoded = said(
        "DataTime=20261122200000;a34004-Cou=1,a34004-Min=20,a34004-Avg=35,a34004-Max=60,a34004-Flag=N;"
        "LA-Min=40,LA-Avg=55.5,LA-Max=71.2,LA-Flag=N",
        AIR,
        cn="2051",
    )
    assert values(decoded) == {"pm2_5": 35, "laeq": 55.5, "lamax": 71.2}
    assert sorted(skipped(decoded)) == ["LA-min", "a34004-cou", "a34004-max", "a34004-min"]


@pytest.mark.parametrize(
    ("flag", "quality"),
    [
        *(("N", Quality.GOOD), ("n", Quality.GOOD), ("", Quality.GOOD), ("3", Quality.GOOD)),
        *(("M", Quality.UNCERTAIN), ("s", Quality.UNCERTAIN), ("T", Quality.UNCERTAIN), ("X", Quality.UNCERTAIN)),
        *(("d", Quality.BAD), ("F", Quality.BAD), ("C", Quality.BAD), ("B", Quality.BAD), ("P", Quality.BAD)),
    ],
)
def test_a_flag_decides_the_quality_before_or_behind_its_value(flag: str, quality: Quality) -> None:
    behind = said(f"DataTime=20261122200000;LA-Rtd=50.1,LA-Flag={flag}")
    before = said(f"DataTime=20261122200000;LA-Flag={flag},LA-Rtd=50.1")
    assert [one.quality for one in (*behind.measurements, *before.measurements)] == [quality, quality]
    assert bool(behind.skipped) == (quality is not Quality.GOOD)


@pytest.mark.parametrize("text", ["-100", "-999", "-00999.000", "-99", "-", "", "NaN"])
def test_a_sentinel_is_no_value_with_or_without_a_flag(text: str) -> None:
    decoded = said(f"DataTime=20261122200000;a01001-Rtd={text},a01001-Flag=B;a01002-Rtd={text}")
    assert (decoded.measurements, decoded.rejects) == ([], ())


def test_what_stations_misspell_is_read() -> None:
    decoded = said(" DataTime = 20261122200000 , LA-td = 50.1 ;; NOIS=N; WS-Rtd=1.2; a01001-Rtd=3;a01001-Rtd=4;")
    assert values(decoded) == {"laeq": 50.1, "wind_speed": 1.2, "temperature": 3}
    assert {"NOIS", "a01001-Rtd"} <= set(skipped(decoded))
    assert decoded.rejects == ()


def test_remarks_in_chinese_are_no_items() -> None:
    assert values(said("DataTime=20261122200000;i11001-Info=//设备;正常,a=1//;LA-Rtd=50.1")) == {"laeq": 50.1}


def test_frames_in_gb18030_are_read() -> None:
    segment = packet("DataTime=20261122200000;x-Info=//正常//;LA-Rtd=50.1").encode("gb18030")
    [decoded] = told(f"##{len(segment):04d}".encode() + segment + f"{crc(segment):04X}".encode())
    assert values(decoded) == {"laeq": 50.1}


@pytest.mark.parametrize("time", ["00000000000000", "20261322200000", "x", ""])
def test_a_time_that_is_none_takes_its_values_with_it(time: str) -> None:
    decoded = said(f"DataTime={time};LA-Rtd=50.1;a01001-Rtd=3")
    assert (decoded.measurements, reasons(decoded), decoded.rejects[0].readings) == ([], [Reason.BAD_TIME], 2)


def test_values_without_a_time_are_refused() -> None:
    assert reasons(said("LA-Rtd=50.1")) == [Reason.BAD_TIME]


def test_the_only_time_of_a_packet_holds_for_what_stands_before_it() -> None:
    decoded = said("LA-Rtd=50.1;DataTime=20261122200000;a01001-Rtd=3")
    assert [(one.metric, one.at, one.live) for one in decoded.measurements] == [
        ("laeq", EIGHT, True),
        ("temperature", EIGHT, True),
    ]


def test_of_several_times_in_one_packet_only_the_newest_is_news() -> None:
    decoded = said("DataTime=20261122200000;LA-Rtd=50.1;DataTime=20261122195900;LA-Rtd=49.0")
    assert [(one.at, one.value, one.live) for one in decoded.measurements] == [
        (EIGHT, 50.1, True),
        ((EIGHT or 0) - MINUTE, 49.0, False),
    ]


def test_a_number_in_the_content_names_the_packet_too() -> None:
    segment = "ST=22;CN=2011;PW=123456;MN=NM-0001;CP=&&QN=20261122200000123;DataTime=20261122200000;LA-Rtd=50.1&&"
    [decoded] = told(framed(segment))
    assert (decoded.identity or "").startswith("20261122200000123/2011/1")
    assert (values(decoded), decoded.rejects) == ({"laeq": 50.1}, ())


def test_a_number_that_stands_still_hides_no_later_packet() -> None:
    first, second = (said(f"DataTime=2026112220{minute}00;LA-Rtd=50.1") for minute in ("00", "01"))
    assert first.identity != second.identity
    assert said("DataTime=20261122200000;LA-Rtd=1", qn="00000000000000000").identity is None


@pytest.mark.parametrize("cn", ["2021", "3019", "9014", "1013", "2041", ""])
def test_other_commands_are_no_readings(cn: str) -> None:
    assert told(frame("DataTime=20261122200000;SB1-RS=1", cn=cn)) == []


@pytest.mark.parametrize("flag", [8, 9, 11])
def test_the_encrypted_edition_is_refused_by_name(flag: int) -> None:
    decoded = said("3F2A9C00", flag=flag)
    assert (reasons(decoded), decoded.device) == ([Reason.ENCRYPTED], "NM-0001")
    assert "no key" in decoded.rejects[0].detail


@pytest.mark.parametrize("written", ["1234", None])
def test_a_doubtful_checksum_makes_doubtful_readings(written: str | None) -> None:
    segment = packet("DataTime=20261122200000;LA-Rtd=50.1")
    swapped = crc(segment.encode())
    text = written or f"{swapped & 0xFF:02X}{swapped >> 8:02X}"
    [decoded] = told(framed(segment, checksum=text))
    assert [one.quality for one in decoded.measurements] == [Quality.UNCERTAIN]
    assert skipped(decoded) == ["CRC"]


def test_one_bad_frame_does_not_lose_its_neighbours() -> None:
    good = frame("DataTime=20261122200000;LA-Rtd=50.1")
    bad = framed(packet("DataTime=20261122200000;LA-Rtd=50.1"), checksum="BEEF")
    decoded = told(good + bad + b"junk" + good)
    assert [(len(one.measurements), len(one.rejects)) for one in decoded] == [(1, 0), (0, 1), (0, 1), (1, 0)]
    assert "BEEF on the wire" in decoded[1].rejects[0].detail


def test_unknown_codes_and_fields_go_to_quarantine() -> None:
    decoded = said("DataTime=20261122200000;w01018-Rtd=3;LA-Foo=2;rubbish")
    assert reasons(decoded) == [Reason.UNKNOWN_METRIC, Reason.UNKNOWN_METRIC, Reason.WRONG_SHAPE]


def test_a_decimal_comma_is_never_cut_into_a_smaller_number() -> None:
    content = "DataTime=20261122080000;LA-Rtd=35,2,LA-Flag=N;a01001-Rtd=-4,5;a01002-Rtd=60,a01002-Flag=N"
    plain = said(content)
    assert values(plain) == {"humidity": 60.0}
    assert reasons(plain) == [Reason.BAD_NUMBER, Reason.BAD_NUMBER]
    dialect = Dialect(decimal_comma=True)
    assert values(said(content, dialect)) == {"laeq": 35.2, "temperature": -4.5, "humidity": 60.0}


def test_the_dialect_names_codes_of_its_own() -> None:
    dialect = Dialect(metrics={"n00006": "laeq"}, units={"n00006": "dB(A)", "A34004": "mg/m³"})
    decoded = said("DataTime=20261122200000;n00006-Rtd=55;a34004-Rtd=0.0523", dialect)
    assert [(one.metric, one.unit) for one in decoded.measurements] == [("laeq", "dB(A)"), ("pm2_5", "mg/m³")]


def test_a_message_looks_like_it_from_its_first_bytes() -> None:
    assert looks_like(message(DUST_AND_NOISE))
    assert looks_like(message(b"##317QN=20191012133710130"))
    assert not looks_like(message(b"## 0239"))
    assert not looks_like(message(b"##12345"))


WHOLE = "DataTime=20261122200000;LA-Rtd=50.1,LA-Flag=N;a01001-Rtd=21.5,a01001-Flag=N;a01002-Rtd=40,a01002-Flag=N"


def in_parts(texts: Sequence[str], order: Sequence[int], decoder: Hj212 | None = None, **more: object) -> list[Decoded]:
    decoder = decoder or Hj212()
    frames = [frame(texts[i], flag=7, part=(i + 1, len(texts)), **more) for i in order]
    return [one for part in frames for one in decoder.decode(message(part), lambda _: PLAIN)]


def test_parts_that_name_their_time_are_read_at_once_each() -> None:
    texts = ["DataTime=20261122200000;LA-Rtd=50.1,LA-Flag=N", "DataTime=20261122200000;a01001-Rtd=21.5"]
    decoder = Hj212()
    assert [values(one) for one in in_parts(texts, [1], decoder)] == [{"temperature": 21.5}]
    assert [values(one) for one in in_parts(texts, [0], decoder)] == [{"laeq": 50.1}]


@given(cuts=st.lists(st.integers(1, len(WHOLE) - 1), min_size=1, max_size=5, unique=True), data=st.data())
@settings(deadline=None)
def test_parts_cut_anywhere_are_put_together_in_any_order(cuts: list[int], data: st.DataObject) -> None:
    edges = [0, *sorted(cuts), len(WHOLE)]
    texts = [WHOLE[edges[i] : edges[i + 1]] for i in range(len(edges) - 1)]
    order = data.draw(st.permutations(range(len(texts))))
    decoded = in_parts(texts, order)
    found = {one.metric: one.value for part in decoded for one in part.measurements}
    assert found == {"laeq": 50.1, "temperature": 21.5, "humidity": 40}
    assert [reject for part in decoded for reject in part.rejects] == []


def test_parts_cut_between_two_items_need_no_semicolon() -> None:
    texts = ["DataTime=20261122200000;LA-Rtd=50.1", "a01001-Rtd=21.5", ";a01002-Rtd=40"]
    assert [values(one) for one in in_parts(texts, [2, 0, 1])] == [{"laeq": 50.1, "temperature": 21.5, "humidity": 40}]


def test_a_part_that_comes_again_changes_nothing() -> None:
    texts = ["DataTime=20261122200000;LA-Rtd=5", "0.1"]
    decoder = Hj212()
    assert [values(one) for one in in_parts(texts, [0, 0, 1], decoder)] == [{"laeq": 50.1}]
    assert in_parts(texts, [1, 0], decoder) == []


def test_parts_whose_siblings_do_not_come_are_read_as_far_as_they_go_and_the_rest_is_said() -> None:
    decoder = Hj212()
    assert in_parts(["DataTime=20261122200000;LA-Rtd=50.1;a01001-Rtd=2", "1.5", "x"], [0, 1], decoder) == []
    later = message(frame("DataTime=20261122201500;LA-Rtd=48"), received=(EIGHT or 0) + int(WAIT_S + 1) * MICROS_PER_S)
    now, rest, refused = decoder.decode(later, lambda _: PLAIN)
    assert (values(now), values(rest)) == ({"laeq": 48}, {"laeq": 50.1})
    assert "part 3 of 3 did not come" in refused.rejects[0].detail
    assert decoder.decode(later, lambda _: PLAIN)[1:] == []


def test_what_waits_is_bounded() -> None:
    parts, decoder = Parts(most_sets=10, most_bytes=500), Hj212()
    decoder._parts = parts
    refused = 0
    for number in range(100):
        qn = f"202611222000{number:05d}"
        refused += sum(len(one.rejects) for one in in_parts(["x" * 100, "y"], [0], decoder, qn=qn))
        assert len(parts) <= 10
        assert parts.size <= 500
    assert refused == 100 - len(parts)


@pytest.mark.parametrize(("part", "parts"), [(0, 2), (3, 2), (1, 1000)])
def test_a_number_of_a_part_that_cannot_be_is_refused(part: int, parts: int) -> None:
    assert reasons(said("DataTime=20261122200000;LA-Rtd=1", flag=7, part=(part, parts))) == [Reason.WRONG_SHAPE]


PIECES = st.sampled_from(
    [
        "##",
        "0042",
        "QN=",
        "MN=a",
        ";",
        ",",
        "CP=&&",
        "&&",
        "DataTime=20261122200000",
        "LA-Rtd=",
        "-",
        "=",
        "//",
        "Flag=9",
    ]
)


@given(st.binary(max_size=400) | st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode()))
@settings(deadline=None)
def test_bytes_of_any_kind_are_told_and_never_raise(payload: bytes) -> None:
    told(payload)


@given(st.text(max_size=200), st.integers(0, 12), st.sampled_from(["2011", "2051", "2031"]))
@settings(deadline=None)
def test_content_of_any_kind_in_a_sound_frame_is_told_and_never_raises(content: str, flag: int, cn: str) -> None:
    told(frame(content, flag=flag, cn=cn))


def test_a_message_made_to_be_slow_is_not() -> None:
    begun = process_time()
    for unit in (b"##0012QN=CP=&&", b"CP=&&", b"&&", b"##9999QN=CP=&&&&12", b"#"):
        told(unit * (256 * 1024 // len(unit)))
    for item in ("a;", "x{}-Rtd=1;", "LA-{}=1;", "DataTime=20261122200000;", "LA-Rtd=1;", "//", ";"):
        told(frame("DataTime=20261122200000;" + "".join(item.format(i) for i in range(200_000 // len(item)))))
    assert process_time() - begun < 10
