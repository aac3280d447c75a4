"""YAML of devices: our own way of writing, anybody's, and always what PyYAML would have read."""

import gc
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.registry.plain_yaml import NotPlain, load_plain
from config.registry.yaml_file import JsonLines, paused_collection, read_yaml_listing
from domain.errors import Misconfigured

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml and PyYAML's own scanner differ in a few absurd texts; files are read by the former where it is there."""

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.dates()
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
    | st.sampled_from(["yes", "0o7", "1e5", "1_000", "~", "null", "2026-01-01", "12:30:45", "=", "0x1F", ".5", "-"])
)
CONTENTS = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(SCALARS, below, max_size=4), max_leaves=20
)


@settings(deadline=None)
@given(CONTENTS, st.sampled_from([None, True, False]))
@example({"<<": None}, None)
def test_plain_yaml_reads_as_pyyaml_reads_it(content: Any, flow: bool | None) -> None:
    text = yaml.safe_dump(content, allow_unicode=True, default_flow_style=flow)
    assert repr(load_plain(text)) == repr(yaml.load(text, Loader=LOADER))


@settings(deadline=None)
@given(st.text(st.sampled_from("ab:- \n{}[],\"'&*!<>|#=~1.?%@"), max_size=40))
def test_whatever_the_text_it_reads_as_pyyaml_or_is_left_to_it(text: str) -> None:
    try:
        found = load_plain(text)
    except NotPlain:
        return
    assert repr(found) == repr(yaml.load(text, Loader=LOADER))


@pytest.mark.parametrize(
    "text", ["a: &x 1\nb: *x\n", "a: !!str 1\n", "a: {<<: {b: 1}}\n", "a: 1\n---\nb: 2\n", "a: [\n", "", "? [1]\n: 2\n"]
)
def test_more_than_plain_yaml_is_left_to_pyyaml(text: str) -> None:
    with pytest.raises(NotPlain):
        load_plain(text)


def listed(tmp_path: Path, text: str) -> tuple[list[Any], list[int | None]]:
    file = tmp_path / "devices.yaml"
    file.write_text(text, encoding="utf-8")
    listing = read_yaml_listing(file)
    return list(listing.contents), [listing.spot(i, ()).line for i in range(len(listing.contents))]


@pytest.mark.parametrize(
    "text",
    [
        '# ours\ndevices:\n- {"id":"a"}\n\n# between\n  - {"id":"b","n":1.5}  \n',
        "# ours\ndevices:\n- {id: a}\n\n# between\n- {id: b, n: 1.5}\n",
        "# ours\ndevices:\n- id: a\n\n\n- id: b\n  n: 1.5\n",
        "# &\ndevices:\n- &x {id: a}\n\n\n- {id: b, n: 1.5}\n",
    ],
)
def test_every_way_of_writing_gives_the_same_devices_and_their_lines(text: str, tmp_path: Path) -> None:
    assert listed(tmp_path, text) == ([{"id": "a"}, {"id": "b", "n": 1.5}], [3, 6])


@pytest.mark.parametrize(
    "text",
    [
        'devices:\n- {"id":"a"},{"id":"b"}\n',
        'devices:\n- {"id":"a"}\n- {"id":"b"\n',
        'devices:\n- {"id":"a}\n- {"id":"b"}\n',
    ],
)
def test_lines_that_are_no_objects_are_not_taken_for_some(text: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="not YAML"):
        listed(tmp_path, text)


def test_devices_of_one_line_are_decoded_again_when_they_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text('\ufeffdevices:\r\n- {"id":"a"}\r\n- {"id":"b"}\r\n', encoding="utf-8")
    contents = read_yaml_listing(file).contents
    assert isinstance(contents, JsonLines)
    assert (contents[1], contents[:1], list(contents)) == ({"id": "b"}, [{"id": "a"}], [{"id": "a"}, {"id": "b"}])


def test_a_key_besides_the_devices_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"devices.yaml:3: more: unknown key"):
        listed(tmp_path, 'devices:\n- {"id":"a"}\nmore: 1\n')


def test_the_line_is_that_of_the_field_or_of_what_is_nearest_to_it(tmp_path: Path) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text("devices:\n- id: a\n  dialect:\n    units:\n      x: V\n  aliases: [p,\n    q]\n", encoding="utf-8")
    spot = read_yaml_listing(file).spot
    assert [
        spot(0, where).line
        for where in [(), ("id",), ("dialect", "units", "x"), ("dialect", "codec"), ("aliases", 1), ("zone",)]
    ] == [2, 2, 5, 3, 7, 2]
    assert spot(0, ("dialect", "units", "x")).label == "devices.0.dialect.units.x"


def test_collection_goes_on_after_a_pause_whatever_happened() -> None:
    with pytest.raises(ValueError, match="boom"), paused_collection():
        assert not gc.isenabled()
        raise ValueError("boom")
    assert gc.isenabled()
