"""Mappings: a vendor's JSON becomes readings in YAML."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import load_catalogue
from domain.devices import Dialect
from domain.errors import Misconfigured, Unusable
from domain.messages import Reason
from domain.readings import Quality
from ingest.formats.choosing import Formats, choice_of
from ingest.formats.decoded import Decoded
from ingest.formats.mapping import open_mapping
from ingest.formats.mapping_file import MappingFile, load_mappings
from ingest.formats.table import FORMATS
from ingest.formats.times import of_text
from ingest.settings import FeedSettings, IngestSettings
from tests.ingest.fakes import NOW, NOW_MS, message, small_city

EXAMPLE = Path(__file__).parents[2] / "examples" / "mapping.yaml"
SIMPLE = {
    "name": "acme",
    "topics": ["acme/{device}/up"],
    "device": "{device}",
    "values": [{"path": "$.noise.leq", "metric": "laeq", "unit": "dB(A)"}],
}
TINGFENG = {
    **{"sn": "TF2207-0031", "ts": "2026-11-22 20:00:00", "len": 60, "st": "OK", "lid": "shut"},
    **{"noise": {"leq": "58.4", "max": 71.2}, "met": {"t": 18.3, "rh": 0.61, "p": 101.3}},
}


def decode_all(
    payload: object, topic: str = "acme/NM-1/up", dialect: Dialect | None = None, **changes: object
) -> Sequence[Decoded]:
    """By the simple mapping with its changes."""
    decode = open_mapping(MappingFile.model_validate({**SIMPLE, **changes}))
    content = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    return decode(message(content, topic=topic), lambda device: dialect or Dialect())


def decode(payload: object, **more: Any) -> Decoded:
    [decoded] = decode_all(payload, **more)
    return decoded


def values(decoded: Decoded) -> dict[str, float]:
    return {m.metric: m.value for m in decoded.measurements}


def reasons(decoded: Decoded) -> list[Reason]:
    return [reject.reason for reject in decoded.rejects]


def write(folder: Path, **changes: object) -> Path:
    file = folder / "acme.yaml"
    file.write_text(yaml.safe_dump({**SIMPLE, **changes}, sort_keys=False), encoding="utf-8")
    return file


def test_the_example_reads_what_its_comment_shows() -> None:
    [file] = load_mappings((EXAMPLE,))
    comment = EXAMPLE.read_text(encoding="utf-8").split("payload", 1)[1].split("name:", 1)[0]
    payload = "".join(line.strip("# ") for line in comment.splitlines())
    [decoded] = open_mapping(file)(
        message(payload.encode(), topic="tingfeng/lujiazui/GW-07/report"), lambda device: Dialect()
    )
    assert (decoded.device, decoded.rejects) == ("TF2207-0031", ())
    assert values(decoded) == {
        **{"laeq": 58.4, "lamax": 71.2, "temperature": 18.3, "humidity": 0.61, "pressure": 101.3, "cover_open": 0.0}
    }
    assert {(m.at, m.span_s) for m in decoded.measurements} == {(of_text("2026-11-22T12:01:00Z"), 60.0)}


def test_every_metric_of_the_example_is_in_the_catalogue() -> None:
    [file] = load_mappings((EXAMPLE,))
    catalogue, _ = load_catalogue()
    assert [value.metric for value in file.values if value.metric not in catalogue] == []


def test_one_bad_item_does_not_lose_the_others() -> None:
    [file] = load_mappings((EXAMPLE,))
    items = [TINGFENG, 7, {**TINGFENG, "sn": None}, {**TINGFENG, "ts": "soon"}, {**TINGFENG, "len": -5}, TINGFENG]
    payload = msgspec.json.encode({"ver": "2.1", "seq": 1, "list": items})
    decoded = open_mapping(file)(message(payload, topic="tingfeng/a/b/report"), lambda device: Dialect())
    assert [len(part.measurements) for part in decoded] == [6, 0, 0, 0, 0, 6]
    assert [reasons(part) for part in decoded[1:5]] == [
        *([Reason.WRONG_SHAPE], [Reason.WRONG_SHAPE], [Reason.BAD_TIME], [Reason.WRONG_SHAPE])
    ]
    assert [part.rejects[0].readings for part in decoded[1:5]] == [1, 6, 6, 6]


def test_the_device_is_a_part_of_the_topic_or_stands_in_the_message() -> None:
    said = {"noise": {"leq": 50}, "dev": "70-B3-D5-54-60-00-02-E7"}
    assert decode(said, ignore=["$.dev"]).device == "NM-1"
    assert decode(said, device="$.dev").device == "70b3d554600002e7"


@pytest.mark.parametrize(
    ("time", "value"),
    [
        ({"form": "auto"}, NOW_MS),
        ({"form": "auto"}, NOW_MS / 1000),
        ({"form": "auto"}, str(NOW_MS)),
        ({"form": "auto"}, "2026-11-22T20:00:00+08:00"),
        ({"form": "auto", "zone": "Asia/Shanghai"}, "2026-11-22 20:00:00"),
        ({"form": "auto", "zone": "Asia/Shanghai"}, "20261122200000"),
        ({"form": "auto", "zone": "Asia/Shanghai"}, 20261122200000000),
        ({"form": "epoch"}, NOW * 1000),
        ({"form": "epoch"}, f"{NOW_MS // 1000}.0"),
        ({"form": "iso"}, "2026-11-22T12:00:00Z"),
        ({"form": "digits", "zone": "UTC"}, "20261122120000"),
    ],
)
def test_times_are_read_in_the_form_that_the_mapping_says(time: dict[str, str], value: object) -> None:
    decoded = decode({"noise": {"leq": 50}, "t": value}, time={"path": "$.t", **time})
    assert [m.at for m in decoded.measurements] == [NOW]


@pytest.mark.parametrize(
    ("form", "value"),
    [
        *(("auto", value) for value in (0, True, [1], "soon", 12.5, {"a": 1})),
        *(("epoch", value) for value in ("2026", "1_0", "9" * 400)),
        *(("iso", NOW_MS), ("digits", "2026")),
    ],
)
def test_what_is_no_such_time_is_refused_with_all_its_values(form: str, value: object) -> None:
    decoded = decode({"noise": {"leq": 50}, "t": value}, time={"path": "$.t", "form": form, "zone": "UTC"})
    assert (reasons(decoded), decoded.measurements) == ([Reason.BAD_TIME], ())


def test_without_a_zone_or_a_time_there_is_no_event_time() -> None:
    for said in ({"t": "2026-11-22 20:00:00"}, {"t": None}, {}):
        decoded = decode({"noise": {"leq": 50}, **said}, time={"path": "$.t"})
        assert [m.at for m in decoded.measurements] == [None]


def test_the_dialect_of_a_device_overrules_zone_and_unit_of_the_mapping() -> None:
    dialect = Dialect(timezone="Europe/Berlin", units={"noise.leq": "dB"})
    said = {"noise": {"leq": 50}, "t": "2026-11-22 13:00:00"}
    [measurement] = decode(said, time={"path": "$.t", "zone": "Asia/Shanghai"}, dialect=dialect).measurements
    assert (measurement.at, measurement.unit) == (NOW, "dB")


@pytest.mark.parametrize(
    ("span", "seconds"), [({"fixed": "1m"}, 60), ({"path": "$.n"}, 5), ({"path": "$.n", "unit": "min"}, 300)]
)
def test_the_span_is_fixed_or_told(span: dict[str, str], seconds: float) -> None:
    decoded = decode({"noise": {"leq": 50}, "n": 5}, span=span, ignore=["$.n"])
    assert [m.span_s for m in decoded.measurements] == [seconds]


def test_a_time_that_marks_the_start_ends_a_span_later() -> None:
    entry = {"path": "$.t", "marks": "start"}
    decoded = decode({"noise": {"leq": 50}, "t": NOW_MS}, time=entry, span={"fixed": "60s"})
    assert [m.at for m in decoded.measurements] == [NOW + 60_000_000]


@pytest.mark.parametrize(
    ("word", "quality"),
    [
        *((word, Quality.GOOD) for word in ("ok", 0, 0.0, True)),
        *((word, Quality.UNCERTAIN) for word in ("cal", None)),
        *((word, Quality.BAD) for word in ("broken", 1)),
    ],
)
def test_quality_follows_its_words(word: object, quality: Quality) -> None:
    entry = {"path": "$.q", "good": ["OK", 0, True], "uncertain": ["CAL"]}
    assert [m.quality for m in decode({"noise": {"leq": 50}, "q": word}, quality=entry).measurements] == [quality]


def test_identity_and_sequence_reach_the_message() -> None:
    decoded = decode({"noise": {"leq": 50}, "id": 17, "n": 4}, identity="$.id", sequence="$.n")
    assert (decoded.identity, decoded.sequence) == ("17", 4)


def test_missing_values_states_and_text_are_read() -> None:
    lines = [
        {"path": "$.a", "metric": "water_level", "unit": "cm", "missing": [65535]},
        {"path": "$['door.state']", "metric": "cover_open", "states": {"open": 1, "true": 1, "shut": 0}},
        {"path": "$.list[-1]", "metric": "tilt"},
    ]
    decoded = decode({"a": 65535, "door.state": "OPEN", "list": ["1", "2.5"]}, values=lines, ignore=["$.list"])
    assert (values(decoded), [one.field for one in decoded.skipped]) == ({"cover_open": 1, "tilt": 2.5}, ["a"])
    assert values(decode({"door.state": True}, values=lines)) == {"cover_open": 1}
    assert reasons(decode({"a": True, "door.state": "?"}, values=lines)) == [Reason.BAD_NUMBER, Reason.BAD_NUMBER]


def test_two_lines_for_one_metric_serve_two_firmwares_but_not_one_message() -> None:
    lines = [{"path": "$.leq", "metric": "laeq"}, {"path": "$.noise.leq", "metric": "laeq"}]
    assert (
        values(decode({"leq": 50}, values=lines))
        == values(decode({"noise": {"leq": 50}}, values=lines))
        == {"laeq": 50}
    )
    assert reasons(decode({"leq": 50, "noise": {"leq": 51}}, values=lines)) == [Reason.UNKNOWN_METRIC] * 2


def test_what_no_line_names_is_one_reject_that_counts_it() -> None:
    said = {"noise": {"leq": 50, "l95": 40}, "fw": "1", "gps": {"lat": 1, "lon": 2}, "none": None, "empty": {}}
    [reject] = decode(said).rejects
    assert (reject.reason, reject.readings) == (Reason.UNKNOWN_METRIC, 4)
    assert reject.detail.startswith("noise.l95, fw, gps: no line of mapping acme")


def test_what_no_line_names_may_be_ignored_all_or_one_by_one() -> None:
    said = {"noise": {"leq": 50, "l95": 40}, "fw": "1"}
    assert decode(said, extra="ignore").rejects == ()
    assert decode(said, ignore=["$.fw", "$.noise.l95"]).rejects == ()


def test_what_stands_beside_the_items_is_looked_at_once() -> None:
    item = {"path": "@.v", "metric": "laeq"}
    parts = decode_all({"list": [{"v": 1}, {"v": 2}], "fw": 3}, items="$.list[*]", values=[item])
    assert [values(part) for part in parts] == [{"laeq": 1}, {"laeq": 2}, {}]
    assert parts[2].rejects[0].detail.startswith("fw: ")


def test_a_message_in_which_no_line_finds_anything_is_told() -> None:
    assert reasons(decode({"alive": 1}, extra="ignore")) == [Reason.WRONG_SHAPE]


@pytest.mark.parametrize(
    ("content", "reason"), [({"list": 5}, Reason.WRONG_SHAPE), ({}, Reason.WRONG_SHAPE), (b"{", Reason.NOT_JSON)]
)
def test_where_items_should_stand_there_must_be_a_list(content: object, reason: Reason) -> None:
    with pytest.raises(Unusable) as caught:
        decode_all(content, items="$.list[*]", values=[{"path": "@.v", "metric": "laeq"}])
    assert caught.value.reason is reason


def test_an_empty_list_says_nothing() -> None:
    assert decode_all({"list": []}, items="$.list[*]", values=[{"path": "@.v", "metric": "laeq"}]) == []


def test_another_topic_is_refused() -> None:
    with pytest.raises(Unusable) as caught:
        decode_all({"noise": {"leq": 50}}, topic="acme/NM-1/down")
    assert caught.value.reason is Reason.UNKNOWN_TOPIC


def test_a_feed_may_name_a_mapping(tmp_path: Path) -> None:
    feed = FeedSettings(id="acme", topics=("acme/#",), format="mapping:acme")
    settings = IngestSettings(feeds=(feed,), mappings=(write(tmp_path),))
    [decoded] = Formats(choice_of(settings, small_city())).decode(
        message({"noise": {"leq": 50}}, topic="acme/NM-0001/up", feed="acme")
    )
    assert (decoded.device, values(decoded)) == ("NM-0001", {"laeq": 50})


def test_under_auto_the_topics_of_a_mapping_come_before_all_other_formats(tmp_path: Path) -> None:
    file = write(tmp_path, topics=["zigbee2mqtt/{device}"])
    choice = choice_of(IngestSettings(mappings=(file,)), small_city())
    [decoded] = Formats(choice).decode(message({"noise": {"leq": 50}}, topic="zigbee2mqtt/NM-1"))
    assert values(decoded) == {"laeq": 50}


def test_a_mapping_that_was_not_read_is_named_with_those_that_were(tmp_path: Path) -> None:
    settings = IngestSettings(feeds=(FeedSettings(id="a", format="mapping:other"),), mappings=(write(tmp_path),))
    with pytest.raises(Misconfigured) as caught:
        choice_of(settings, small_city())
    assert "ingest.feeds.a.format: 'mapping:other' is not known; known are auto, mapping:acme, native" in str(
        caught.value
    )


def test_an_unknown_format_is_refused_with_the_names_of_those_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"known are auto, native, native-batch, .*mapping:NAME"):
        FeedSettings(format="telegram")


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
def test_every_format_of_the_table_may_be_named_by_a_feed(entry: Any) -> None:
    settings = IngestSettings(feeds=(FeedSettings(format=entry.name),))
    assert choice_of(settings, small_city()).by_feed == {"city": entry.name}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["list", "sn", "ts", "len", "st", "noise", "leq", "met", "lid", "x"]), inner, max_size=5
        )
    ),
    max_leaves=25,
)
DECODE_EXAMPLE = open_mapping(load_mappings((EXAMPLE,))[0])


@given(anything | st.builds(lambda items: {"list": items}, st.lists(anything, max_size=4)))
def test_any_json_is_read_or_refused_but_never_raises_otherwise(content: object) -> None:
    with contextlib.suppress(Unusable):
        DECODE_EXAMPLE(message(msgspec.json.encode(content), topic="tingfeng/a/b/report"), lambda device: Dialect())


def leaves(content: object) -> int:
    match content:
        case dict():
            return sum(map(leaves, content.values()))
        case list():
            return sum(map(leaves, content))
        case _:
            return content is not None


@given(st.dictionaries(st.sampled_from(["noise", "fw", "gps"]), anything, max_size=3))
def test_what_is_read_and_what_is_not_add_up_to_all_that_was_sent(content: dict[str, object]) -> None:
    decoded = decode(content)
    beside = sum(reject.readings for reject in decoded.rejects if "no line of mapping acme names" in reject.detail)
    named = content["noise"].get("leq") if isinstance(content.get("noise"), dict) else None
    assert beside == leaves(content) - leaves(named)
