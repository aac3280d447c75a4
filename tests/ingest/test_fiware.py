"""NGSI-v2 and NGSI-LD: the published examples with all their contradictions, and what follows from them."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.devices import Dialect
from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from domain.messages import Measurement, Reason
from domain.readings import Quality
from ingest.formats.times import of_text
from ingest.units import converted
from tests.ingest.fakes import message as native
from tests.ingest.fakes import pipeline_of
from tests.ingest.heard import NOON, Ear, anything

SAMPLES = Path(__file__).parents[1] / "samples" / "fiware"
EAR = Ear("ngsi-v2")
AT = "2026-11-22T11:59:00Z"
MINUTE_AGO = NOON - 60 * MICROS_PER_S


def sample(name: str) -> dict[str, object]:
    content: dict[str, object] = msgspec.json.decode((SAMPLES / name).read_bytes())
    return content


def entity(kind: str = "AirQualityObserved", **attributes: object) -> dict[str, object]:
    return {"id": "S-1", "type": kind, "dateObserved": AT, **attributes}


def only(content: object, ear: Ear = EAR) -> Measurement:
    [measurement] = ear.measurements(content)
    return measurement


def v2(value: object, **metadata: object) -> dict[str, object]:
    """An attribute as NGSI-v2 normalizes it."""
    return {
        "type": "Number",
        "value": value,
        "metadata": {name: {"type": "Text", "value": one} for name, one in metadata.items()},
    }


def ld(value: object, **beside: object) -> dict[str, object]:
    """An attribute as NGSI-LD normalizes it."""
    return {"type": "Property", "value": value, **beside}


@pytest.mark.parametrize("name", ["NoiseLevelObserved.example.json", "NoiseLevelObserved.example-normalized.jsonld"])
def test_the_published_noise_is_an_interval_in_every_encoding(name: str) -> None:
    said = EAR.measurements(sample(name))
    assert {one.metric: one.value for one in said} == {"laeq": 67.8, "lamax": 94.5}
    assert {(one.at, one.span_s, one.unit, one.quality) for one in said} == {
        (of_text("2016-12-28T12:00:00Z"), 3600.0, "dB(A)", Quality.GOOD)
    }


def test_the_device_is_the_entity_without_the_interval_in_its_id() -> None:
    keyed, normalized = (
        EAR.hear(sample(f"NoiseLevelObserved.example{end}"))[0].device for end in (".json", "-normalized.jsonld")
    )
    assert keyed == "Vitoria-NoiseLevelObserved"
    assert normalized == "urn:ngsi-ld:NoiseLevelObserved:Vitoria-NoiseLevelObserved"


@pytest.mark.parametrize(
    ("written", "device"),
    [
        ("S-1", "S-1"),
        ("S-1-2016-03-15T11:00:00", "S-1"),
        ("urn:ngsi-ld:AirQualityObserved:S-1:2016-03-15T11:00:00.00Z", "urn:ngsi-ld:AirQualityObserved:S-1"),
        ("S-1_2016-03-15T11:00:00+08:00_2016-03-15T12:00:00+08:00", "S-1"),
        ("S-1-20160315T110000Z", "S-1"),
        ("S-2016-03-15", "S-2016-03-15"),
        ("2016-03-15T11:00:00", "2016-03-15T11:00:00"),
        ("70-B3-D5-54-60-00-02-E7", "70b3d554600002e7"),
    ],
)
def test_times_at_the_end_of_an_id_are_cut_off(written: str, device: str) -> None:
    assert EAR.hear({**entity(temperature=1), "id": written})[0].device == device


def test_what_the_entity_refers_to_is_the_device() -> None:
    assert EAR.hear(sample("AirQualityObserved.example.json"))[0].device == "28079004-Pza.deEspanya"
    reference = {"type": "Relationship", "object": "urn:ngsi-ld:Device:D-7"}
    both = entity(temperature=1, refPointOfInterest="P-1", refDevice=reference)
    assert EAR.hear(both)[0].device == "urn:ngsi-ld:Device:D-7"


def test_of_several_devices_none_is_taken() -> None:
    assert EAR.hear(entity(temperature=1, refDevice=["a", "b"]))[0].device == "S-1"
    assert EAR.hear(entity(temperature=1, refDevice=["a"]))[0].device == "a"


def test_the_published_air_is_read_but_not_believed() -> None:
    said = EAR.measurements(sample("AirQualityObserved.example.json"))
    assert {one.metric: (one.value, one.unit) for one in said} == {
        "humidity": (0.54, "1"),
        "temperature": (12.2, "°C"),
        "wind_direction": (176.0, "°"),
        "wind_speed": (0.64, "m/s"),
        "co": (500.0, "mg/m³"),
        "so2": (11.0, "µg/m³"),
        "pressure": (1.1, "hPa"),
    }


def test_the_published_streetlight_has_two_zones_and_no_unit_of_current() -> None:
    said = {one.metric: one for one in EAR.measurements(sample("Streetlight.example.json"))}
    assert {metric: one.value for metric, one in said.items()} == {
        "lamp_on": 0.0,
        "active_power": 10.0,
        "current": 250.0,
        "power_factor": 0.7,
        "voltage": 50.0,
    }
    assert {one.at for one in said.values()} == {of_text("2021-01-11T10:21:02Z")}
    assert said["current"].unit == "unstated (A or mA)"


@pytest.mark.parametrize(
    ("word", "lit"), [("on", [1.0]), ("off", [0.0]), ("low", [1.0]), ("bootingUp", []), ("ON", [1.0])]
)
def test_power_state_is_lit_dark_or_neither(word: str, lit: list[float]) -> None:
    lamp = entity("Streetlight", powerState=word)
    assert [one.value for one in EAR.measurements(lamp)] == lit
    assert EAR.reasons(lamp) == []


def test_illuminance_level_is_a_fraction() -> None:
    assert only(entity("Streetlight", illuminanceLevel=0.7)).unit == "1"


def test_status_words_are_shown_and_are_no_readings() -> None:
    lamp = entity("Streetlight", status="defectiveLamp")
    assert (EAR.measurements(lamp), EAR.reasons(lamp)) == ([], [])
    assert "defectiveLamp" in EAR.skipped(lamp)["status"]


def test_three_phases_are_left_out_unless_the_dialect_names_one() -> None:
    cabinet = entity("StreetlightControlCabinet", intensityR=20.1, intensityS=14.4, energyConsumed=162456)
    assert EAR.values(cabinet) == {"energy": 162456.0}
    assert "phases" in EAR.skipped(cabinet)["intensityR"]
    told = Ear("ngsi-v2", dialects={"S-1": Dialect(metrics={"intensityR": "current"})})
    assert told.values(cabinet) == {"energy": 162456.0, "current": 20.1}


@pytest.mark.parametrize(
    ("code", "unit"),
    [("GQ", "µg/m³"), ("GP", "mg/m³"), ("59", "ppm"), ("61", "ppb"), ("XYZ", "XYZ"), ("µg/m³", "µg/m³")],
)
@pytest.mark.parametrize("encoded", [v2, ld])
def test_the_unit_code_overrules_the_table(code: str, unit: str, encoded: object) -> None:
    assert callable(encoded)
    assert only(entity(co=encoded(500, unitCode=code))).unit == unit


def test_decibels_of_an_a_weighted_level_are_a_weighted() -> None:
    assert only(entity("NoiseLevelObserved", LAeq=ld(60.1, unitCode="2N"))).unit == "dB(A)"


def test_parts_per_billion_of_a_gas_are_not_turned_into_a_concentration() -> None:
    said = only(entity(no2=v2(30, unitCode="61")))
    with pytest.raises(Unusable) as caught:
        converted(said.value, given=said.unit or "", wanted="µg/m³")
    assert caught.value.reason is Reason.UNKNOWN_UNIT


def test_a_reading_of_an_entity_is_stored_by_the_pipeline() -> None:
    arrived = native({**entity("NoiseLevelObserved", LAeq=61.5), "id": f"NM-0001-{AT}"}, topic="orion/notify")
    [reading] = pipeline_of().settle([arrived], NOON).readings.rows()
    assert (reading.device, reading.metric, reading.value) == ("NM-0001", "laeq", 61.5)


def test_a_notification_holds_many_entities_and_one_bad_one_loses_nothing() -> None:
    notification = {
        "subscriptionId": "57458eb60962ef754e7c0998",
        "data": [entity(temperature=1), 7, {"type": "AirQualityObserved"}, {**entity(temperature=2), "id": "S-2"}],
    }
    assert [one.device for one in EAR.measurements(notification)] == ["S-1", "S-2"]
    assert EAR.reasons(notification) == [Reason.WRONG_SHAPE, Reason.WRONG_SHAPE]


def test_arrays_and_the_envelope_of_mqtt_notifications_are_opened() -> None:
    assert EAR.values([entity(temperature=1)]) == {"temperature": 1.0}
    body = {"type": "Notification", "data": [entity(temperature=3)]}
    assert EAR.values({"metadata": {"Content-Type": "application/json"}, "body": body}) == {"temperature": 3.0}


@pytest.mark.parametrize(
    ("attributes", "at", "span_s"),
    [
        ({"dateObserved": "2026-11-22T11:00:00Z/2026-11-22T11:59:00Z"}, MINUTE_AGO, 3540.0),
        ({"dateObserved": {"type": "DateTime", "value": AT}}, MINUTE_AGO, 0.0),
        ({"dateObserved": {"type": "Property", "value": {"@type": "DateTime", "@value": AT}}}, MINUTE_AGO, 0.0),
        ({"dateObserved": None, "TimeInstant": {"type": "DateTime", "value": AT}}, MINUTE_AGO, 0.0),
        ({"dateObserved": None, "dateObservedTo": AT}, MINUTE_AGO, 0.0),
        ({"dateObserved": None}, None, 0.0),
        ({"dateObserved": 1_795_348_740_000}, MINUTE_AGO, 0.0),
    ],
)
def test_the_time_of_an_entity(attributes: dict[str, object], at: int | None, span_s: float) -> None:
    measurement = only({**entity(temperature=1), **attributes})
    assert (measurement.at, measurement.span_s) == (at, span_s)


@pytest.mark.parametrize(
    "attribute", [ld(1, observedAt=AT), v2(1, TimeInstant=AT), v2(1, timestamp=AT), {"value": 1, "observedAt": AT}]
)
def test_an_attributes_own_time_counts(attribute: object) -> None:
    assert only(entity(dateObserved="2026-11-22T08:00:00Z", temperature=attribute)).at == MINUTE_AGO


def test_an_own_time_inside_of_the_interval_leaves_the_interval() -> None:
    noise = entity(
        "NoiseLevelObserved", dateObserved=f"2026-11-22T11:00:00Z/{AT}", LAeq=ld(60, observedAt="2026-11-22T11:30:00Z")
    )
    assert (only(noise).at, only(noise).span_s) == (MINUTE_AGO, 3540.0)


def test_a_time_without_a_zone_is_utc_as_the_standard_says_but_uncertain() -> None:
    measurement = only(entity(temperature=1, dateObserved="2026-11-22T11:59:00"))
    assert (measurement.at, measurement.quality) == (MINUTE_AGO, Quality.UNCERTAIN)


def test_a_dialect_with_a_zone_makes_it_certain() -> None:
    ear = Ear("ngsi-v2", dialects={"S-1": Dialect(timezone="Europe/Madrid")})
    measurement = only(entity(temperature=1, dateObserved="2026-11-22T12:59:00"), ear)
    assert (measurement.at, measurement.quality) == (MINUTE_AGO, Quality.GOOD)


@pytest.mark.parametrize("time", ["yesterday", f"{AT}/2026-11-22T11:00:00Z", 0, True, {"a": 1}, "/", f"{AT}/-"])
def test_a_time_that_means_nothing_takes_only_what_has_no_time_of_its_own(time: object) -> None:
    air = entity(dateObserved=time, temperature=ld(1, observedAt=AT), windSpeed=2)
    assert EAR.values(air).get("temperature") == 1.0
    assert EAR.reasons(air) == [Reason.BAD_TIME]


@pytest.mark.parametrize(
    ("reliability", "quality"),
    [(0.7, 0), (0.5, 0), (0.49, 1), (0, 1), (None, 0), (7, 1), ("high", 1), (v2(0.2), 1), (ld(1), 0)],
)
def test_reliability_below_a_half_is_uncertain(reliability: object, quality: int) -> None:
    assert only(entity(temperature=1, reliability=reliability)).quality == quality


@pytest.mark.parametrize(
    "nothing", [None, "urn:ngsi-ld:null", ld("urn:ngsi-ld:null"), v2(None), {"@value": "urn:ngsi-ld:null"}]
)
def test_null_is_no_value_in_all_its_spellings(nothing: object) -> None:
    air = entity(temperature=nothing)
    assert (EAR.measurements(air), EAR.reasons(air)) == ([], [])


def test_the_blank_of_an_attribute_that_was_never_set_is_no_time() -> None:
    lamp = entity("Streetlight", powerState=v2("on", TimeInstant=" "), TimeInstant={"type": "DateTime", "value": " "})
    assert (only(lamp).value, only(lamp).at) == (1.0, MINUTE_AGO)


def test_a_boolean_is_no_number() -> None:
    assert EAR.reasons(entity(temperature=False)) == [Reason.BAD_NUMBER]
    ear = Ear("ngsi-v2", dialects={"S-1": Dialect(metrics={"precipitation": "rain"})})
    assert ear.reasons(entity(precipitation=False)) == [Reason.BAD_NUMBER]
    assert ear.values(entity(precipitation=0)) == {"rain": 0.0}


def test_one_bad_value_loses_only_itself() -> None:
    air = entity(temperature="warm", windSpeed=2, co=[1])
    assert EAR.values(air) == {"wind_speed": 2.0}
    assert EAR.reasons(air) == [Reason.BAD_NUMBER, Reason.BAD_NUMBER]


def test_a_number_that_nobody_knows_is_quarantined_and_a_text_is_not() -> None:
    air = entity(radon=12, remark="rain gauge moved", tags=["a"], seal={"value": "ok"})
    assert EAR.reasons(air) == [Reason.UNKNOWN_METRIC]
    assert {"remark", "tags", "seal"} <= EAR.skipped(air).keys()


def test_names_of_a_broker_without_the_context_are_shortened() -> None:
    expanded = {
        "id": "S-1",
        "type": "https://smartdatamodels.org/dataModel.Environment/NoiseLevelObserved",
        "https://smartdatamodels.org/dataModel.Environment/LAeq": ld(60, observedAt=AT),
    }
    assert EAR.values(expanded) == {"laeq": 60.0}


def test_of_several_instances_the_one_without_a_dataset_counts() -> None:
    assert EAR.values(entity(temperature=[ld(1, datasetId="urn:a"), ld(2)])) == {"temperature": 2.0}


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_auto_knows_the_samples_on_any_topic(name: str) -> None:
    assert Ear().measurements(sample(name)) == EAR.measurements(sample(name))


def test_auto_leaves_other_json_alone() -> None:
    assert Ear().reasons({"type": "Point", "id": 5}) == [Reason.UNKNOWN_TOPIC]


attributes = st.dictionaries(
    st.sampled_from(
        [
            "temperature",
            "LAeq",
            "dateObserved",
            "dateObservedFrom",
            "dateObservedTo",
            "TimeInstant",
            "reliability",
            "x",
            "refDevice",
            "refPointOfInterest",
            "id",
            "type",
            "powerState",
        ]
    ),
    anything
    | st.fixed_dictionaries(
        {},
        optional={
            "value": anything,
            "unitCode": anything,
            "observedAt": anything,
            "metadata": anything,
            "type": anything,
        },
    ),
)


@pytest.mark.thorough
@given(attributes | anything | st.lists(attributes | anything, max_size=3), st.booleans())
def test_any_json_is_read_or_refused_but_never_raises_otherwise(content: object, is_wrapped: bool) -> None:
    EAR.reasons({"subscriptionId": "s", "data": content} if is_wrapped else content)


@settings(max_examples=30)
@given(st.lists(attributes, min_size=1, max_size=3))
def test_a_notification_says_what_its_entities_say_one_by_one(entities: list[dict[str, object]]) -> None:
    together = EAR.measurements({"subscriptionId": "s", "data": entities})
    assert together == [one for single in entities for one in EAR.measurements([single])]
