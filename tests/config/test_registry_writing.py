"""What is written is what is read again, at once or not at all, with the old file beside it."""

import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.durations import LONGEST_S, parse_duration
from config.registry.entries import DeviceEntry
from config.registry.reading import read_listing
from config.registry.writing import spelled, spelled_duration, write_devices
from domain.devices import PLAIN, Dialect
from domain.errors import Misconfigured

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8).filter(str.strip)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ENTRIES = st.builds(
    DeviceEntry,
    id=st.from_regex(r"[A-Za-z0-9._-]{1,8}", fullmatch=True),
    kind=WORDS,
    zh=WORDS,
    en=WORDS | st.just(""),
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    interval=st.none() | st.floats(0.001, LONGEST_S),
    zone=st.none() | st.sampled_from(["0", "4b"]),
    grid_cell=st.none() | st.just("990103033010021"),
    aliases=st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), max_size=2).map(tuple),
    dialect=st.none()
    | st.fixed_dictionaries(
        {},
        optional={
            "timezone": st.just("Asia/Shanghai"),
            "units": st.dictionaries(WORDS, WORDS, max_size=2),
            "missing": st.lists(FLOATS, max_size=2),
            "decimal_comma": st.booleans(),
            "installed": st.tuples(FLOATS, FLOATS, FLOATS),
        },
    ),
    figures=st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True), FLOATS, max_size=2),
)


def entry(identifier: str, **fields: Any) -> DeviceEntry:
    return DeviceEntry.model_validate(
        {"id": identifier, "kind": "lamp", "zh": "灯", "lon": 112.5, "lat": 30.9, **fields}
    )


def said(one: DeviceEntry) -> Dialect:
    return one.dialect.dialect() if one.dialect else PLAIN


@settings(deadline=None)
@given(entries=st.lists(ENTRIES, max_size=3))
def test_what_was_written_is_read_again(entries: list[DeviceEntry], tmp_path_factory: Any) -> None:
    file = tmp_path_factory.getbasetemp() / "devices.yaml"
    file.write_text(spelled(entries), encoding="utf-8")
    found = [DeviceEntry.model_validate(content) for content in read_listing(file).contents]
    assert [one.model_dump(exclude={"dialect"}) for one in found] == [
        one.model_dump(exclude={"dialect"}) for one in entries
    ]
    assert [said(one) for one in found] == [said(one) for one in entries]


@settings(deadline=None)
@given(st.floats(0.001, LONGEST_S))
def test_a_duration_is_spelled_as_it_is_read(seconds: float) -> None:
    assert parse_duration(spelled_duration(seconds)) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0.2s"), (10.0, "10s"), (60.0, "1m"), (90.0, "90s"), (300.0, "5m"), (3600.0, "1h"), (86400.0, "1d")],
)
def test_usual_durations_are_spelled_as_people_do(seconds: float, text: str) -> None:
    assert spelled_duration(seconds) == text


def test_one_device_is_one_line_and_says_nothing_empty() -> None:
    text = spelled([entry("A", zone="2", dialect={"units": {"x": "V"}, "missing": []}), entry("B")])
    assert text.splitlines()[2:] == [
        '- {"id":"A","kind":"lamp","zh":"灯","lon":112.5,"lat":30.9,"zone":"2","dialect":{"units":{"x":"V"}}}',
        '- {"id":"B","kind":"lamp","zh":"灯","lon":112.5,"lat":30.9}',
    ]


def test_a_position_of_nought_is_written_too() -> None:
    assert '"lon":0.0,"lat":0.0' in spelled([entry("A", lon=0, lat=0)])


def test_the_old_file_stays_beside_the_new_one_which_has_its_rights(tmp_path: Path) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text("# old\ndevices: []\n", encoding="utf-8")
    file.chmod(0o640)
    kept = write_devices(file, [entry("A")])
    assert kept == tmp_path / "devices.yaml.bak" and kept.read_text(encoding="utf-8").startswith("# old")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["devices.yaml", "devices.yaml.bak"]


def test_a_first_file_has_no_old_one(tmp_path: Path) -> None:
    assert write_devices(tmp_path / "devices.yaml", [entry("A")]) is None


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "devices.yaml"
    real.write_text("devices: []\n", encoding="utf-8")
    link = tmp_path / "devices.yaml"
    link.symlink_to(real)
    write_devices(link, [entry("A")])
    assert link.is_symlink() and '"id":"A"' in real.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be written"):
        write_devices(tmp_path / "gone" / "devices.yaml", [entry("A")])
