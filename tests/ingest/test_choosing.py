"""Under `auto` no two formats fight for a message: samples of all of them are told by topic, and by their looks."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import cbor2
import msgspec
import pytest

from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.table import FORMATS, Format
from tests.ingest import lorawan_messages as lorawan
from tests.ingest.fakes import message, noise
from tests.ingest.sparkplug_edge import metric
from tests.ingest.sparkplug_edge import payload as sparkplug
from tests.ingest.test_clouds import ALIYUN, HUAWEI, ONENET, PARAMS
from tests.ingest.test_clouds_ctwing import BYTES, PARSED
from tests.ingest.test_home import AIRROHR, REAL, SONOFF
from tests.ingest.test_senml import DIWISE, LABELS

SAMPLES = Path(__file__).parents[1] / "samples"
NOWHERE = "bridge/7"
"""A topic that tells nothing."""


class Case(NamedTuple):
    """`by_topic`: a topic that tells the format; `tells_itself`: its looks do too, on any topic."""

    name: str
    payload: Any
    topic: str | None = None
    tells_itself: bool = True

    @property
    def content(self) -> bytes:
        return self.payload if isinstance(self.payload, bytes) else msgspec.json.encode(self.payload)


def of_file(name: str, path: Path) -> Case:
    return Case(name, path.read_bytes())


UPLINK = {
    "metadata": {"time": "2019-01-01T00:00:00Z"},
    "payload_raw": "AQ==",
    "dev_id": "a",
    "hardware_serial": "00" * 8,
}
EDGE = {
    "msgType": "up",
    "batch": [{"timestamp": "20250619145824881", "device_id": "AHU34", "metrics": {"temperature": 5}}],
}
REPORT = {"services": [{"service_id": "a", "properties": {"temperature": 5}, "event_time": "20151212T121212Z"}]}
PUSH = {"productKey": "a", "deviceName": "b", "items": {"temperature": {"value": 5, "time": 1_524_448_722_123}}}

CASES = [
    Case("native", noise(), "citybrain/v1/up/NM-0001", tells_itself=False),
    Case("native-batch", [{**noise(), "device": "NM-0001"}], "citybrain/v1/batch/gw", tells_itself=False),
    Case("sparkplug-b", sparkplug([metric("laeq", double_value=5.0)]), "spBv1.0/g/NDATA/e", tells_itself=False),
    Case("sparkplug-b", sparkplug([metric("laeq", double_value=5.0)]), "site/spBv1.0/g/NDATA/e", tells_itself=False),
    Case("tasmota", SONOFF, "tele/sonoff/SENSOR", tells_itself=False),
    Case("tasmota", SONOFF, "hall/tele/SENSOR", tells_itself=False),
    Case("tasmota", SONOFF, "hall/sonoff/SENSOR", tells_itself=False),
    Case("tasmota", b"Online", "tele/sonoff/LWT", tells_itself=False),
    Case("zigbee2mqtt", REAL, "zigbee2mqtt/kitchen/window"),
    Case("zigbee2mqtt", {"temperature": 5}, "zigbee2mqtt/kitchen/window", tells_itself=False),
    Case("sensor-community", AIRROHR),
    *(
        Case("hj212", one["frame"].encode())
        for one in msgspec.json.decode((SAMPLES / "hj212/frames.json").read_bytes())
    ),
    of_file("ngsi-v2", SAMPLES / "fiware/AirQualityObserved.example.json"),
    of_file("ngsi-v2", SAMPLES / "fiware/NoiseLevelObserved.example.json"),
    of_file("ngsi-v2", SAMPLES / "fiware/Streetlight.example.json"),
    of_file("ngsi-ld", SAMPLES / "fiware/NoiseLevelObserved.example-normalized.jsonld"),
    Case("ngsi-v2", {"subscriptionId": "5", "data": [{"id": "x", "type": "NoiseLevelObserved", "LAeq": 5}]}),
    Case("iota-ul", b"t|15|k|abc", "/ul/key/NM-7/attrs", tells_itself=False),
    Case("iota-ul", b"t|15|k|abc", "/key/NM-7/attrs", tells_itself=False),
    Case("iota-json", {"t": 15}, "/json/key/NM-7/attrs", tells_itself=False),
    Case("iota-json", {"t": 15}, "/key/NM-7/attrs", tells_itself=False),
    Case("sensorthings", {"result": 22}, "v1.1/Datastreams(5)/Observations", tells_itself=False),
    *(of_file("senml", SAMPLES / f"senml/ex{number}.json") for number in range(1, 7)),
    Case("senml", DIWISE),
    Case("senml", cbor2.dumps([{LABELS["bn"]: "a", LABELS["n"]: "temperature", LABELS["v"]: 5}])),
    Case("chirpstack", lorawan.CHIRPSTACK_V4, lorawan.V4_TOPIC),
    Case("chirpstack", lorawan.CHIRPSTACK_V3, lorawan.V3_TOPIC),
    Case("tts-v3", lorawan.TTS, lorawan.TTS_TOPIC),
    Case("ttn-v2", UPLINK),
    Case("netmore", [lorawan.NETMORE]),
    Case("ctwing", BYTES),
    Case("ctwing", PARSED),
    Case("onenet", {"id": "1", "version": "1.0", "params": PARAMS}, ONENET, tells_itself=False),
    Case("onenet", {"id": "1", "version": "1.0", "params": PARAMS}, f"bridged/{ONENET}", tells_itself=False),
    Case("aliyun", {"id": "1", "params": PARAMS, "method": "thing.event.property.post"}, ALIYUN, tells_itself=False),
    Case("aliyun", PUSH),
    Case("huawei-iotda", REPORT, HUAWEI),
    Case("edge-batch", EDGE),
]


def named(case: Case) -> str:
    return f"{case.name} {case.topic or ''}"


@pytest.mark.parametrize("case", [case for case in CASES if case.topic], ids=named)
def test_the_topic_tells_the_format(case: Case) -> None:
    assert Formats(FormatChoice()).format_of(message(case.content, topic=case.topic)) == case.name


@pytest.mark.parametrize("case", [case for case in CASES if case.tells_itself], ids=named)
@pytest.mark.parametrize("topic", ["", NOWHERE])
def test_the_looks_tell_the_format_on_any_topic(case: Case, topic: str) -> None:
    sent = msgspec.structs.replace(message(case.content), topic=topic)
    assert Formats(FormatChoice()).format_of(sent) == case.name


VARIANTS = {
    "chirpstack": {"chirpstack", "chirpstack-v4", "chirpstack-v3"},
    "ngsi-ld": {"ngsi-ld", "ngsi-v2"},
    "iota-json": {"iota-json", "iota-ul"},
}
"""An entity of NGSI-LD has all that one of NGSI-v2 has, and JSON may be text: the table asks for the narrower first."""


@pytest.mark.parametrize("case", [case for case in CASES if case.tells_itself], ids=named)
def test_no_other_format_claims_the_message(case: Case) -> None:
    alone = message(case.content, topic=NOWHERE)
    claims = {entry.name for entry in FORMATS if entry.looks_like(alone)}
    assert case.name in claims <= VARIANTS.get(case.name, {case.name})


@pytest.mark.parametrize("case", [case for case in CASES if case.topic], ids=named)
def test_on_a_topic_that_tells_no_other_format_claims_the_message(case: Case) -> None:
    here = message(case.content, topic=case.topic)
    claims = {entry.name for entry in FORMATS if entry.looks_like(here)}
    assert claims <= VARIANTS.get(case.name, {case.name})


def test_every_format_has_a_case() -> None:
    variants = {"chirpstack-v4", "chirpstack-v3"}
    assert {entry.name for entry in FORMATS} - variants == {case.name for case in CASES}


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"{}", b"[]", b'{"a":1}', b"[1]", b"5", b"\x00\xff", b'{"temperature":5}', b'{"value":[1,2]}'],
)
def test_what_says_nothing_about_itself_is_claimed_by_nobody(content: bytes) -> None:
    assert Formats(FormatChoice()).format_of(message(content, topic=NOWHERE)) is None


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
def test_every_format_has_a_line_in_the_documents(entry: Format) -> None:
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert any(f"`{entry.name}`" in line for line in page.splitlines() if line.startswith("|"))


def test_looking_costs_little_even_where_nobody_claims_the_message() -> None:
    formats = Formats(FormatChoice())
    largest = message(b'[{"name":"' + b"x" * 250_000 + b'"}]', topic=NOWHERE)
    begun = time.process_time()
    for _ in range(20):
        formats.format_of(largest)
    assert (time.process_time() - begun) / 20 < 0.01
