"""A file is taken whole, or every fault of it is named at once with its line; secrets are never repeated."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr

from config.loading import Strict, line_numbers, load, nearest_line, read_text, read_yaml
from domain.errors import Misconfigured


class Lamp(Strict):
    id: str
    watts: int = Field(ge=1)


class Street(Strict):
    lamps: tuple[Lamp, ...] = ()
    token: SecretStr | None = None


class Town(Strict):
    name: str
    streets: tuple[Street, ...] = ()
    by_name: dict[str, Street] = Field(default_factory=dict)


def faults(tmp_path: Path, text: str | bytes) -> list[str]:
    file = tmp_path / "town.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(Misconfigured) as caught:
        load(file, Town)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_a_good_file_is_the_model(tmp_path: Path) -> None:
    file = tmp_path / "town.yaml"
    file.write_text("name: 澜江\nstreets: [{lamps: [{id: L1, watts: 60}]}]\n", encoding="utf-8")
    assert load(file, Town).streets[0].lamps[0] == Lamp(id="L1", watts=60)


def test_every_problem_comes_at_once_with_its_line(tmp_path: Path) -> None:
    text = (
        "streets:\n  - lamps:\n      - {id: L1, watts: 0}\n      - id: L2\n        watts: many\n        colour: red\n"
    )
    assert faults(tmp_path, text) == [
        "town.yaml:1: name: missing; it must be given",
        "town.yaml:3: streets.0.lamps.0.watts: Input should be greater than or equal to 1, not 0",
        "town.yaml:5: streets.0.lamps.1.watts: Input should be a valid integer, unable to parse string as an integer,"
        " not 'many'",
        "town.yaml:6: streets.0.lamps.1.colour: unknown key; remove it or mend its spelling",
    ]


def test_a_missing_key_is_shown_where_its_section_begins(tmp_path: Path) -> None:
    text = "name: x\n\nstreets:\n\n  - lamps:\n\n    - watts: 5\n"
    assert faults(tmp_path, text) == ["town.yaml:7: streets.0.lamps.0.id: missing; it must be given"]


def test_keys_of_mappings_have_their_lines(tmp_path: Path) -> None:
    assert faults(tmp_path, "name: x\nby_name:\n  north: {}\n  south: 5\n")[0].startswith("town.yaml:4: by_name.south:")


def test_a_section_of_the_wrong_kind_is_not_repeated(tmp_path: Path) -> None:
    assert faults(tmp_path, "name: {secret: swordfish}\n") == [
        "town.yaml:1: name: Input should be a valid string, not a mapping"
    ]
    assert faults(tmp_path, "name: [swordfish]\n") == ["town.yaml:1: name: Input should be a valid string, not a list"]


@pytest.mark.parametrize("token", ["[swordfish]", "{of: swordfish}", "5150"])
def test_a_secret_of_the_wrong_kind_is_not_repeated(token: str, tmp_path: Path) -> None:
    assert faults(tmp_path, f"name: x\nstreets:\n- token: {token}\n") == [
        "town.yaml:3: streets.0.token: Input should be a valid string"
    ]


def test_the_cause_of_a_refusal_does_not_repeat_secrets_either(tmp_path: Path) -> None:
    file = tmp_path / "town.yaml"
    file.write_text("name: x\nstreets: [{token: [swordfish]}]\n", encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load(file, Town)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    assert len(faults(tmp_path, f"name: x\nstreets: {'y' * 5000}\n")[0]) < 200


def test_what_is_not_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, "name: x\nstreets: [\n")
    assert fault.startswith("town.yaml:3: not YAML: ")


@pytest.mark.parametrize("text", ["name: a\x00b\n", "name: 2026-13-45\n", "name: !!python/object:os.system {}\n"])
def test_what_yaml_cannot_hold_is_told_without_a_traceback(text: str, tmp_path: Path) -> None:
    [fault] = faults(tmp_path, text)
    assert "not YAML: " in fault and "\n" not in fault


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, b"# GBK\nname: " + "澜江".encode("gbk"))
    assert fault.startswith("town.yaml:2: not UTF-8 but readable as GBK (GB18030); convert it: iconv -f GB18030 ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name: 澜江".encode("utf-16"), "readable as UTF-16"),
        (b"PK\x03\x04\xff\xff", "a workbook or archive; save the sheet as CSV UTF-8"),
        (b"name: \xff", "not UTF-8; save it as UTF-8"),
    ],
)
def test_what_is_no_text_of_ours_is_called_by_its_name(content: bytes, words: str, tmp_path: Path) -> None:
    [fault] = faults(tmp_path, content)
    assert words in fault


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes("a\r\n澜".encode("utf-8-sig"))
    assert read_text(file) == "a\n澜"


def test_a_missing_file_is_told_without_a_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(tmp_path / "gone.yaml", Town)
    assert str(caught.value) == (
        f"{tmp_path}/gone.yaml: cannot be read: No such file or directory; check the path and its rights"
    )


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read: Is a directory"):
        load(tmp_path, Town)


def test_an_empty_file_lacks_what_must_be_given(tmp_path: Path) -> None:
    assert faults(tmp_path, "# nothing yet\n") == ["town.yaml: name: missing; it must be given"]


def test_what_a_file_said_does_not_change_afterwards() -> None:
    lamp: Any = Lamp(id="L1", watts=1)
    with pytest.raises(ValueError, match="frozen"):
        lamp.watts = 2


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=6))
def test_every_item_has_the_line_on_which_it_stands(rows: list[list[int]]) -> None:
    text = "".join("-\n" + "".join(f"  - {number}\n" for number in row) for row in rows)
    lines = line_numbers(text)
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            assert text.splitlines()[lines[i, j] - 1] == f"  - {number}"


def test_a_path_that_the_file_does_not_have_is_shown_at_its_closest_parent() -> None:
    lines = line_numbers("a:\n  b:\n    c: 1\n")
    assert nearest_line(lines, ("a", "b", "gone", "deeper")) == 2
    assert nearest_line({}, ("a",)) is None


def test_a_key_that_stands_twice_is_refused_every_one_with_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text("name: a\nsize: 1\nname: b\nmore:\n  - {x: 1, y: 2, x: 3}\n", encoding="utf-8")
    with pytest.raises(Misconfigured) as refused:
        read_yaml(path)
    assert sorted((problem.line, problem.message) for problem in refused.value.problems) == [
        (3, "the key name stands twice, first in line 1; keep one"),
        (5, "the key x stands twice, first in line 5; keep one"),
    ]


def test_a_merge_may_say_again_what_an_anchor_said_and_anchors_may_be_used_often(tmp_path: Path) -> None:
    path = tmp_path / "merge.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: [*a, *a]\n", encoding="utf-8")
    assert read_yaml(path)[1] == {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "c": [{"x": 1, "y": 2}] * 2}


def test_an_alias_inside_of_its_own_anchor_is_told_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "knot.yaml"
    path.write_text("name: x\nrules: &r [1, [*r]]\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="alias of itself"):
        read_yaml(path)
