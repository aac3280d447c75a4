"""Observations of the SensorThings API, as publishers and servers put them on MQTT."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Dialect
from domain.instants import MICROS_PER_S
from domain.messages import Measurement, Reason
from domain.readings import Quality
from ingest.formats.times import of_text
from tests.ingest.heard import NOON, Ear, anything

TOPIC = "v1.1/Datastreams(5)/Observations"
STATION = Dialect(metrics={"5": "laeq", "6": "temperature", "a b": "lamp_on"}, units={"6": "K"})
NAMES = ("Datastreams(5)", "Datastreams(6)", "Datastreams('a b')")
EAR = Ear(dialects=dict.fromkeys(NAMES, STATION))
AT = "2026-11-22T11:59:00Z"
MINUTE_AGO = NOON - 60 * MICROS_PER_S


def observation(**fields: object) -> dict[str, object]:
    return {"result": 22, "phenomenonTime": AT, **fields}


def only(content: object, topic: str = TOPIC) -> Measurement:
    [measurement] = EAR.measurements(content, topic=topic)
    return measurement


def test_the_datastream_of_the_topic_tells_device_and_metric() -> None:
    measurement = only({"result": 22, "phenomenonTime": "2020-10-11T12:13:14+02:00"})
    assert (measurement.device, measurement.metric, measurement.value) == ("Datastreams(5)", "laeq", 22.0)
    assert measurement.at == of_text("2020-10-11T10:13:14Z")


@pytest.mark.parametrize("topic", ["v1.1/Observations", "v1.0/Observations", "city/frost/v1.1/Observations"])
def test_the_observation_names_its_datastream_where_the_topic_does_not(topic: str) -> None:
    measurement = only(observation(Datastream={"@iot.id": 6}), topic)
    assert (measurement.device, measurement.metric, measurement.unit) == ("Datastreams(6)", "temperature", "K")


@pytest.mark.parametrize(
    ("content", "topic"),
    [
        (observation(result=True), "v1.1/Datastreams('a b')/Observations"),
        (observation(result="on", Datastream={"@iot.id": "a b"}), "v1.1/Observations"),
    ],
)
def test_ids_may_be_quoted_text(content: object, topic: str) -> None:
    measurement = only(content, topic)
    assert (measurement.device, measurement.metric, measurement.value) == ("Datastreams('a b')", "lamp_on", 1.0)


def test_a_quote_inside_of_an_id_is_doubled() -> None:
    ear = Ear(dialects={"o'neill": Dialect(metrics={"o'neill": "laeq"})})
    assert ear.values(observation(), topic="v1.1/Datastreams('o''neill')/Observations") == {"laeq": 22.0}


@pytest.mark.parametrize("alias", ["Datastreams(5)", "Datastreams('5')", "5"])
@pytest.mark.parametrize("code", ["5", "Datastreams(5)"])
def test_the_registry_may_write_link_or_id(alias: str, code: str) -> None:
    ear = Ear(dialects={alias: Dialect(metrics={code: "laeq"})})
    [measurement] = ear.measurements(observation(), topic=TOPIC)
    assert (measurement.device, measurement.metric) == (alias, "laeq")


def test_a_datastream_without_a_dialect_means_nothing_and_is_not_lost() -> None:
    [part] = Ear().hear(observation(), topic=TOPIC)
    assert (part.device, [one.reason for one in part.rejects]) == ("Datastreams(5)", [Reason.UNKNOWN_METRIC])


def test_an_interval_is_its_end_and_its_length() -> None:
    measurement = only(observation(phenomenonTime=f"2026-11-22T10:59:00Z/{AT}"))
    assert (measurement.at, measurement.span_s) == (MINUTE_AGO, 3600.0)


@pytest.mark.parametrize("time", [None, "2026-11-22T11:59:00"])
def test_without_a_time_or_a_zone_there_is_no_event_time(time: object) -> None:
    assert only(observation(phenomenonTime=time)).at is None


@pytest.mark.parametrize("time", ["yesterday", f"{AT}/2026-11-22T10:00:00Z", 5, [], "/"])
def test_a_time_that_means_nothing_is_refused(time: object) -> None:
    assert EAR.reasons(observation(phenomenonTime=time), topic=TOPIC) == [Reason.BAD_TIME]


@pytest.mark.parametrize(
    ("result", "value"), [(22, 22.0), (0, 0.0), (-0.5, -0.5), ("21.5", 21.5), (b"1.00000000000000000000001", 1.0)]
)
def test_results_that_are_numbers(result: object, value: float) -> None:
    raw = result if isinstance(result, bytes) else None
    content = observation(result=result) if raw is None else b'{"phenomenonTime":"%s","result":%s}' % (AT.encode(), raw)
    assert only(content).value == value


@pytest.mark.parametrize("result", [True, {"a": 1}, [1, 2], "warm"])
def test_results_that_are_none_of_this_metric_are_refused(result: object) -> None:
    assert EAR.reasons(observation(result=result), topic=TOPIC) == [Reason.BAD_NUMBER]


def test_null_is_no_reading() -> None:
    [part] = EAR.hear(observation(result=None), topic=TOPIC)
    assert (part.measurements, part.rejects, part.skipped[0].field) == ([], (), "5")


def test_integers_above_two_to_the_53_are_read_as_doubles() -> None:
    assert only(observation(result=2**62 + 1)).value == float(2**62)


def test_a_deep_insert_is_tolerated_and_its_unit_is_the_messages_own() -> None:
    stream = {"@iot.id": 5, "name": "LAeq", "unitOfMeasurement": {"symbol": "dB(A)"}, "Thing": {"name": "meter"}}
    full = observation(
        validTime="2016-01-01T01:01:01.000Z/2016-01-01T23:59:59.000Z",
        parameters={"x": [1]},
        Datastream=stream,
        FeatureOfInterest={"@iot.id": 9},
    )
    assert only(full, "v1.1/Observations").unit == "dB(A)"
    assert EAR.reasons(observation(Datastream={"name": "new"}), topic="v1.1/Observations") == [Reason.WRONG_SHAPE]


def test_what_a_server_sends_to_its_subscribers_is_read() -> None:
    entity = observation(
        **{
            "@iot.id": 77,
            "@iot.selfLink": "http://host/v1.1/Observations(77)",
            "resultTime": None,
            "Datastream@iot.navigationLink": "http://host/v1.1/Datastreams(6)",
        }
    )
    assert only(entity, "v1.1/Observations").metric == "temperature"
    del entity["Datastream@iot.navigationLink"]
    entity["Datastream@iot.navigationLink"] = "http://host/v1.1/Observations(77)/Datastream"
    assert only(entity).metric == "laeq"


def test_two_datastreams_in_one_message_contradict_each_other() -> None:
    assert EAR.reasons(observation(Datastream={"@iot.id": 6}), topic=TOPIC) == [Reason.DEVICE_MISMATCH]


@pytest.mark.parametrize(
    ("said", "quality"),
    [
        (None, Quality.GOOD),
        ([], Quality.GOOD),
        ("good", Quality.GOOD),
        ("Valid", Quality.GOOD),
        ("bad", Quality.BAD),
        ({"DQ_Status": {"code": "4"}}, Quality.UNCERTAIN),
        ("provisional", Quality.UNCERTAIN),
    ],
)
def test_result_quality_is_the_quality(said: object, quality: Quality) -> None:
    assert only(observation(resultQuality=said)).quality == quality


def test_one_bad_observation_does_not_lose_the_others() -> None:
    several = [observation(), 7, {"phenomenonTime": AT}, observation(result="x"), observation(result=3)]
    assert [one.value for one in EAR.measurements(several, topic=TOPIC)] == [22.0, 3.0]
    assert EAR.reasons(several, topic=TOPIC) == [Reason.WRONG_SHAPE, Reason.WRONG_SHAPE, Reason.BAD_NUMBER]


keys = ["result", "phenomenonTime", "resultQuality", "Datastream", "Datastream@iot.navigationLink"]
streams = st.fixed_dictionaries({}, optional={"@iot.id": anything, "unitOfMeasurement": anything})


@given(
    st.dictionaries(st.sampled_from(keys), anything | streams) | anything,
    st.sampled_from([TOPIC, "v1.1/Observations", "v1.1/Datastreams('a')/Observations"]),
)
def test_any_json_is_read_or_refused_but_never_raises_otherwise(content: object, topic: str) -> None:
    EAR.reasons(content, topic=topic)
