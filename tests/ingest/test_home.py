"""Home gateways and makers' boxes: Tasmota, Zigbee2MQTT and sensor.community, each with the traps that were met."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded
from ingest.formats.times import of_text
from tests.ingest.fakes import message

SONOFF = (
    b'{"Time":"2019-06-02T22:13:07","SonoffSC":{"Temperature":25,"Humidity":15,"Light":20,"Noise":10,"AirQuality":90},'
    b'"TempUnit":"C"}'
)
AIRROHR = (
    b'{"esp8266id":"12331981","software_version":"NRZ-2020-129","sensordatavalues":['
    b'{"value_type":"SDS_P1","value":"0.40"},{"value_type":"SDS_P2","value":"0.20"},'
    b'{"value_type":"BME280_temperature","value":"11.65"},{"value_type":"BME280_pressure","value":"100613.25"},'
    b'{"value_type":"BME280_humidity","value":"64.50"},{"value_type":"samples","value":"5018540"}]}'
)
TASMOTA, ZIGBEE = "tele/sonoff/SENSOR", "zigbee2mqtt/kitchen/window"


def decode(payload: object, topic: str, dialect: Dialect | None = None, **more: object) -> Decoded:
    content = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    names = ("sonoff", "kitchen/window", "esp8266-1", "esp8266-12331981")
    choice = FormatChoice(dialects=dict.fromkeys(names, dialect) if dialect else {})
    [decoded] = Formats(choice).decode(message(content, topic=topic, **more))
    return decoded


def values(decoded: Decoded) -> dict[str, float]:
    return {m.metric: m.value for m in decoded.measurements}


def units(decoded: Decoded) -> dict[str, str | None]:
    return {m.metric: m.unit for m in decoded.measurements}


def skipped(decoded: Decoded) -> dict[str, str]:
    return {one.field: one.why for one in decoded.skipped}


def reasons(decoded: Decoded) -> list[Reason]:
    return [reject.reason for reject in decoded.rejects]


def refused(payload: object, topic: str) -> Reason:
    with pytest.raises(Unusable) as caught:
        decode(payload, topic)
    return caught.value.reason


def nothing(payload: bytes, topic: str) -> bool:
    return Formats(FormatChoice()).decode(message(payload, topic=topic)) == []


def test_a_tasmota_is_read_in_the_zone_of_its_dialect() -> None:
    decoded = decode(SONOFF, TASMOTA, Dialect(timezone="Europe/Berlin"))
    assert (decoded.device, values(decoded)) == ("sonoff", {"temperature": 25, "humidity": 15})
    assert {m.at for m in decoded.measurements} == {of_text("2019-06-02T20:13:07Z")}


def test_without_a_zone_a_tasmota_has_no_event_time() -> None:
    assert {m.at for m in decode(SONOFF, TASMOTA).measurements} == {None}


def test_the_dot_in_the_name_of_fine_dust_is_none_between_sensor_and_key() -> None:
    decoded = decode({"SDS0X1": {"PM2.5": 2.1, "PM10": 4.7}}, TASMOTA)
    assert (values(decoded), reasons(decoded)) == ({"pm2_5": 2.1, "pm10": 4.7}, [])
    decoded = decode({"PMS5003": {"CF2.5": 3, "PM2.5": 2, "PB0.3": 615, "PB2.5": 4}}, TASMOTA)
    assert (values(decoded), reasons(decoded)) == ({"pm2_5": 2}, [])
    assert skipped(decoded)["PMS5003.PB2.5"] == "count of particles"


def test_uncalibrated_percents_are_no_levels() -> None:
    assert "no level in dB" in skipped(decode(SONOFF, TASMOTA))["SonoffSC.Noise"]


def test_the_hour_that_autumn_repeats_is_its_first() -> None:
    dialect = Dialect(timezone="Europe/Berlin")
    decoded = decode({"Time": "2026-10-25T02:30:00", "DS18B20": {"Temperature": 9}}, TASMOTA, dialect)
    assert decoded.measurements[0].at == of_text("2026-10-25T00:30:00Z")


@pytest.mark.parametrize("time", ["1970-01-01T00:00:17", 17, "soon"])
def test_a_tasmota_that_has_not_reached_its_time_server_is_refused(time: object) -> None:
    assert refused({"Time": time, "DS18B20": {"Temperature": 20}}, TASMOTA) is Reason.BAD_TIME


def test_fahrenheit_stands_beside_the_sensors() -> None:
    said = {"Time": "2026-11-22T12:00:00", "BME280": {"Temperature": 68, "Pressure": 750}}
    decoded = decode({**said, "TempUnit": "F", "PressureUnit": "mmHg"}, TASMOTA)
    assert units(decoded) == {"temperature": "F", "pressure": "mmHg"}


def test_a_null_of_a_failed_sensor_is_no_value() -> None:
    decoded = decode({"Time": "2026-11-22T12:00:00", "AM2301": {"Temperature": None, "Humidity": 60}}, TASMOTA)
    assert (values(decoded), skipped(decoded)) == ({"humidity": 60}, {"AM2301.Temperature": "no value"})


@pytest.mark.parametrize(
    "sensor", [{"DS18B20": {"Id": "01", "Temperature": 21.5}}, {"DS18B20-1": {"Temperature": 21.5}}]
)
def test_a_renamed_sensor_still_says_its_temperature(sensor: dict[str, object]) -> None:
    assert values(decode({"Time": "2026-11-22T12:00:00", **sensor}, TASMOTA)) == {"temperature": 21.5}


TWO = {"Time": "2026-11-22T12:00:00", "DS18B20-1": {"Temperature": 21.5}, "DS18B20-2": {"Temperature": 4}}


def test_of_two_sensors_of_one_metric_nobody_guesses_which_is_meant() -> None:
    decoded = decode(TWO, TASMOTA)
    assert (values(decoded), reasons(decoded)) == ({}, [Reason.UNKNOWN_METRIC] * 2)


def test_the_dialect_says_which_of_two_sensors_is_meant() -> None:
    decoded = decode(TWO, TASMOTA, Dialect(metrics={"DS18B20-2.Temperature": "temperature"}))
    assert (values(decoded), reasons(decoded), list(skipped(decoded))) == (
        {"temperature": 4},
        [],
        ["DS18B20-1.Temperature"],
    )


def test_older_firmware_nests_sensors_deeper() -> None:
    said = {"Time": "2026-11-22T12:00:00", "DS18x20": {"DS1": {"Type": "DS18B20", "Temperature": 3}}}
    assert values(decode(said, TASMOTA)) == {"temperature": 3}


def test_energy_is_read_and_its_derived_figures_are_left_out() -> None:
    energy = {
        "TotalStartTime": "2020-01-01T00:00:00",
        "Total": 12.5,
        "Today": 1,
        "Power": 80,
        "Factor": 0.9,
        "Voltage": 231,
    }
    decoded = decode({"Time": "2026-11-22T12:00:00", "ENERGY": energy}, TASMOTA)
    assert values(decoded) == {"energy": 12.5, "active_power": 80, "power_factor": 0.9, "voltage": 231}
    assert reasons(decoded) == []


def test_a_value_per_phase_is_no_single_value_and_loses_only_itself() -> None:
    decoded = decode({"Time": "2026-11-22T12:00:00", "ENERGY": {"Voltage": [230, 231], "Total": 1}}, TASMOTA)
    assert (values(decoded), reasons(decoded)) == ({"energy": 1}, [Reason.BAD_NUMBER])


def test_a_switch_lights_a_lamp_only_where_the_dialect_says_so() -> None:
    state = {"Time": "2026-11-22T12:00:00", "POWER": "ON", "Wifi": {"RSSI": 60, "Signal": -70}}
    assert values(decode(state, "tele/sonoff/STATE")) == {}
    lamp = Dialect(metrics={"POWER": "lamp_on", "Wifi.Signal": "rssi"})
    decoded = decode(state, "tele/sonoff/STATE", lamp)
    assert (values(decoded), units(decoded)["rssi"]) == ({"lamp_on": 1, "rssi": -70}, "dBm")


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("tele/sonoff/LWT", b"Online"),
        ("tele/sonoff/LWT", b"Offline"),
        ("tele/sonoff/INFO1", b'{"Info1":{"Module":"x"}}'),
    ],
)
def test_whether_a_tasmota_is_there_is_no_reading(topic: str, payload: bytes) -> None:
    assert nothing(payload, topic)


@pytest.mark.parametrize("topic", ["tele/hall/sonoff/SENSOR", "hall/sonoff/tele/SENSOR", "hall/sonoff/SENSOR"])
def test_the_name_of_a_tasmota_is_its_topic_without_the_prefix(topic: str) -> None:
    assert decode(SONOFF, topic).device == "hall/sonoff"


def test_a_friendly_name_keeps_its_slashes() -> None:
    decoded = decode({"temperature": 27.34, "humidity": 44.72}, ZIGBEE)
    assert (decoded.device, values(decoded)) == ("kitchen/window", {"temperature": 27.34, "humidity": 44.72})


@pytest.mark.parametrize("name", ["kit+chen", "kit#chen"])
def test_a_name_with_a_wildcard_is_refused(name: str) -> None:
    assert refused({"temperature": 1}, f"zigbee2mqtt/{name}") is Reason.WRONG_SHAPE


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("zigbee2mqtt/bridge/state", b'{"state":"online"}'),
        ("zigbee2mqtt/bridge/logging", b'{"level":"info","message":"x"}'),
        ("zigbee2mqtt/kitchen/window/availability", b'{"state":"online"}'),
        ("zigbee2mqtt/window/availability", b"online"),
        ("zigbee2mqtt/lamp/set", b'{"state":"ON"}'),
    ],
)
def test_the_bridge_availability_and_commands_are_no_readings(topic: str, payload: bytes) -> None:
    assert nothing(payload, topic)


@pytest.mark.parametrize(
    "last_seen", ["2026-11-22T12:00:00.000Z", "2026-11-22T13:00:00+01:00", 1795348800000, "2026-11-22T20:00:00"]
)
def test_last_seen_is_read_in_all_its_forms(last_seen: object) -> None:
    decoded = decode({"temperature": 1, "last_seen": last_seen}, ZIGBEE, Dialect(timezone="Asia/Shanghai"))
    assert decoded.measurements[0].at == of_text("2026-11-22T12:00:00Z")


@pytest.mark.parametrize("last_seen", [0, True, [1], "just now"])
def test_a_last_seen_that_is_no_time_is_refused(last_seen: object) -> None:
    assert refused({"temperature": 1, "last_seen": last_seen}, ZIGBEE) is Reason.BAD_TIME


def test_without_last_seen_there_is_no_event_time() -> None:
    assert decode({"temperature": 1}, ZIGBEE).measurements[0].at is None


REAL = {"battery": "100.00", "voltage": 3045, "linkquality": 99, "water_leak": False}


def test_a_battery_in_text_is_a_number_and_its_millivolts_are_left_out() -> None:
    decoded = decode(REAL, ZIGBEE)
    assert (values(decoded), reasons(decoded)) == ({"battery": 100}, [])
    assert set(skipped(decoded)) == {"voltage", "linkquality", "water_leak"}


def test_millivolts_stay_millivolts_for_who_wants_them() -> None:
    assert units(decode(REAL, ZIGBEE, Dialect(metrics={"voltage": "voltage"})))["voltage"] == "mV"


def test_beside_a_power_the_voltage_is_that_of_the_mains() -> None:
    assert units(decode({"power": 40, "voltage": 231}, ZIGBEE)) == {"active_power": "W", "voltage": "V"}


def test_a_voltage_alone_may_be_either_and_is_not_guessed() -> None:
    assert reasons(decode({"voltage": 231}, ZIGBEE)) == [Reason.UNKNOWN_UNIT]


def test_states_and_brightness_are_read() -> None:
    assert values(decode({"state": "ON", "brightness": 127}, ZIGBEE)) == {"lamp_on": 1, "dim_level": 50}
    assert values(decode({"contact": True}, ZIGBEE)) == {"cover_open": 0}


def test_a_partial_update_says_only_what_changed() -> None:
    assert values(decode({"humidity": 44}, ZIGBEE)) == {"humidity": 44}


def test_what_nobody_gave_a_meaning_is_refused_alone() -> None:
    decoded = decode({"humidity": 44, "mystery": 1}, ZIGBEE)
    assert (values(decoded), reasons(decoded)) == ({"humidity": 44}, [Reason.UNKNOWN_METRIC])


def test_p1_is_pm10_and_p2_is_pm2_5() -> None:
    decoded = decode(AIRROHR, "bridge/airrohr")
    assert values(decoded) == {"pm10": 0.4, "pm2_5": 0.2, "temperature": 11.65, "pressure": 100613.25, "humidity": 64.5}
    assert (units(decoded)["pressure"], decoded.device, decoded.measurements[0].at) == ("Pa", "esp8266-12331981", None)


@pytest.mark.parametrize("number", [12331981, "12331981"])
def test_the_number_of_a_station_is_a_number_or_text(number: object) -> None:
    assert decode({"esp8266id": number, "sensordatavalues": []}, "x").device == "esp8266-12331981"


def airrohr(*items: object) -> Decoded:
    return decode({"esp8266id": 1, "sensordatavalues": list(items)}, "x")


def test_a_failed_noise_sensor_says_minus_one() -> None:
    decoded = airrohr(
        {"value_type": "DNMS_noise_LAeq", "value": "-1.00"}, {"value_type": "DNMS_noise_LA_max", "value": "71.5"}
    )
    assert (values(decoded), skipped(decoded)) == ({"lamax": 71.5}, {"DNMS_noise_LAeq": "-1 stands for no value"})


@pytest.mark.parametrize("bad", [{"valuevalue_type": "SDS_P1", "value": "1"}, {"value_type": "SDS_P1"}, 7, None])
def test_a_malformed_item_does_not_lose_the_others(bad: object) -> None:
    decoded = airrohr(bad, {"value_type": "SDS_P2", "value": "3"})
    assert (values(decoded), reasons(decoded)) == ({"pm2_5": 3}, [Reason.WRONG_SHAPE])


def test_a_type_that_stands_twice_is_read_once() -> None:
    item = {"value_type": "SDS_P2", "value": "3"}
    assert (values(airrohr(item, item)), reasons(airrohr(item, item))) == ({"pm2_5": 3}, [Reason.WRONG_SHAPE])


@pytest.mark.parametrize(
    "content", [{"sensordatavalues": []}, {"esp8266id": 1, "sensordatavalues": {}}, {"esp8266id": []}]
)
def test_a_station_must_say_who_it_is_and_what_it_has(content: object) -> None:
    text = msgspec.json.encode({"x": "sensordatavalues", **content})
    assert refused(text, "x") is Reason.WRONG_SHAPE


KEYS = (
    *("Time", "TempUnit", "DS18B20", "Temperature", "last_seen", "voltage", "brightness", "esp8266id"),
    *("sensordatavalues", "value_type", "value", "linkquality", "x"),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(anything, st.sampled_from([TASMOTA, ZIGBEE, "elsewhere/SENSOR"]))
def test_any_json_is_read_or_refused_but_never_raises_otherwise(content: object, topic: str) -> None:
    with contextlib.suppress(Unusable):
        Formats(FormatChoice()).decode(message(msgspec.json.encode(content), topic=topic))
