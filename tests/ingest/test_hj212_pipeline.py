"""HJ 212 all the way through the pipeline: aliases, units by dialect, quarantine, duplicates, the ledger."""

from dataclasses import replace

import pytest

from domain.devices import Device, Dialect, Registry
from domain.instants import iso
from domain.ledger import Tally
from domain.messages import Message, Reason
from domain.places import Place
from domain.readings import Quality
from tests.ingest.fakes import NOW, pipeline_of, small_city
from tests.ingest.hj212_station import frame, framed, packet

MN = "690000D5800028F889221AC0"
UNITS = {"a34004": "mg/m³", "a01006": "kPa", "a21005": "mg/m³"}


def city() -> Registry:
    """The small city, and an air station that goes by its MN."""
    known = small_city()
    station = Device(
        **{"id": "AS-1", "kind": "air_station", "zh": "站", "en": "Station", "place": Place(lon=121.5, lat=31.2)},
        interval_s=60,
        aliases=(MN,),
        dialect=Dialect(units=UNITS),
    )
    return replace(known, devices={**known.devices, "AS-1": station})


def arrived(payload: bytes, topic: str = "site/7/dtu") -> Message:
    return Message(feed="city", topic=topic, payload=payload, received=NOW)


def test_a_relayed_frame_becomes_readings_in_the_units_of_the_catalogue() -> None:
    content = "DataTime=20261122195900;a34004-Rtd=0.0523,a34004-Flag=N;a01006-Rtd=101.3;a21005-Rtd=0.8,a21005-Flag=M"
    settlement = pipeline_of(city()).settle([arrived(frame(content, mn=MN))], NOW)
    rows = [
        (row.device, row.metric, round(row.value, 3), row.quality, iso(row.at)) for row in settlement.readings.rows()
    ]
    at = "2026-11-22T11:59:00.000Z"
    assert rows == [
        ("AS-1", "pm2_5", 52.3, Quality.GOOD, at),
        ("AS-1", "pressure", 1013.0, Quality.GOOD, at),
        ("AS-1", "co", 0.8, Quality.UNCERTAIN, at),
    ]


def test_the_same_frame_again_is_known_and_a_frame_with_an_unknown_unit_can_be_driven_again() -> None:
    content = "DataTime=20261122195900;a34004-Rtd=0.0523;a34002-Rtd=80"
    message = arrived(frame(content, mn=MN))
    pipeline = pipeline_of(city())
    first, again = pipeline.settle([message], NOW), pipeline.settle([message], NOW)
    assert first.ledger[0].readings == Tally(received=2, stored=1, quarantined=1)
    assert [(entry.reason, entry.payload) for entry in first.quarantined] == [(Reason.UNKNOWN_UNIT, message.payload)]
    assert "a34002: µg/m³" in first.quarantined[0].detail
    assert (len(again.readings), again.quarantined) == (0, ())


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (framed(packet("DataTime=20261122195900;LA-Rtd=50"), checksum="BEEF"), Reason.WRONG_SHAPE),
        (frame("9A01", flag=9), Reason.ENCRYPTED),
        (frame("DataTime=20261122201000;LA-Rtd=50"), Reason.FUTURE_TIME),
        (frame("DataTime=00000000000000;LA-Rtd=50"), Reason.BAD_TIME),
        (frame("DataTime=20261122195900;LA-Rtd=50", mn="NM-9999"), Reason.UNKNOWN_DEVICE),
        (frame("DataTime=20261122195900;LA-Rtd=500"), Reason.OUT_OF_RANGE),
    ],
    ids=lambda value: value.value if isinstance(value, Reason) else "",
)
def test_what_cannot_be_used_is_in_quarantine_with_its_reason(payload: bytes, reason: Reason) -> None:
    settlement = pipeline_of(city()).settle([arrived(payload, "hj212/x")], NOW)
    assert [entry.reason for entry in settlement.quarantined] == [reason]
    assert len(settlement.readings) == 0


def test_several_frames_in_one_message_balance() -> None:
    good = [frame(f"DataTime=2026112219{minute}00;LA-Rtd=50", qn=f"2026112219{minute}00000") for minute in (50, 51, 51)]
    bad = framed(packet("DataTime=20261122195900;LA-Rtd=50"), checksum="BEEF")
    settlement = pipeline_of(city()).settle([arrived(b"".join([*good, bad, b"noise"]))], NOW)
    assert settlement.ledger[0].readings == Tally(received=5, stored=2, duplicate=1, quarantined=2)
    assert settlement.ledger[0].messages == Tally(received=1, stored=1)


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 1, 3, 4), (1, 2, 4, 3, 0)])
def test_texts_out_of_one_set_of_parts_are_no_duplicates_of_each_other(order: tuple[int, ...]) -> None:
    time = "DataTime=20261122195900;"
    texts = [f"{time}a34004-Rt", "d=0.05;", f"{time}a21005-Rtd=0.8;", "a01006-Rtd=10", "1.3;a01001-Rtd=9.5"]
    pipeline = pipeline_of(city())
    frames = [arrived(frame(texts[i], mn=MN, part=(i + 1, len(texts)))) for i in order]
    first = [pipeline.settle([one], NOW) for one in frames]
    again = [pipeline.settle([one], NOW) for one in frames]
    found = {row.metric for settlement in first for row in settlement.readings.rows()}
    assert found == {"pm2_5", "co", "pressure", "temperature"}
    assert sum(len(settlement.readings) for settlement in again) == 0
