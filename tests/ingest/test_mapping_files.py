"""Every fault of a mapping file is told with its line and with what to write instead."""

from pathlib import Path

import pytest

from domain.errors import Misconfigured
from ingest.formats.mapping_file import load_mappings
from ingest.formats.mapping_paths import path_of
from tests.ingest.test_mapping import SIMPLE, write


def problems(file: Path) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        load_mappings((file,))
    return [str(problem).removeprefix(str(file)) for problem in caught.value.problems]


def test_every_problem_of_a_file_comes_at_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(
        "name: Acme!\n"
        "topics: ['acme/{device}/#/up']\n"
        "device: dev\n"
        "time: {path: $.t, form: guess, zone: Mars/Base}\n"
        "span: {}\n"
        "quality: {path: $.q, good: []}\n"
        "values:\n"
        "  - {path: $..v, metric: laeq}\n"
        "  - {path: '$.v[?@.x==1]', metric: laeq}\n"
        "  - {path: '$.v[*]', metric: laeq}\n"
        "  - {path: '$.a b', metric: laeq}\n"
        "extra: drop\n"
        "color: red\n",
        encoding="utf-8",
    )
    lines = [int(text.split(":")[1]) for text in problems(file)]
    assert sorted(lines) == [1, 2, 3, 4, 4, 5, 6, 8, 9, 10, 11, 12, 13]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("$.b", "$.A", 6),
        ("{who}", "{whom}", 3),
        ("$.b", "@.b", 6),
        ("$.q", "@.q", 4),
        ("$.i", "@.i", 7),
    ],
)
def test_a_fault_between_two_entries_has_the_line_of_the_entry(tmp_path: Path, old: str, new: str, line: int) -> None:
    file = tmp_path / "acme.yaml"
    text = (
        "name: acme\ntopics: ['acme/{who}']\ndevice: '{who}'\nquality: {path: $.q, good: [1]}\n"
        "values: [{path: $.a, metric: laeq},\n  {path: $.b, metric: lamax}]\nignore: [$.i]\n"
    )
    text = text.replace(old, new) if old != "{who}" else text.replace("device: '{who}'", f"device: '{new}'")
    file.write_text(text, encoding="utf-8")
    [problem] = problems(file)
    assert int(problem.split(":")[1]) == line


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"values": []}, "values"),
        ({"values": [*SIMPLE["values"], {"path": "$.noise.LEQ", "metric": "lamax"}]}, "stands twice"),
        ({"device": "{who}"}, "no part of topic"),
        ({"device": "@.sn"}, "there are no items"),
        ({"items": "$.list"}, "write $.readings[*]"),
        ({"topics": ["acme/{a}/{a}"]}, "twice"),
        ({"topics": ["acme/x{a}/up"]}, "whole level"),
        ({"span": {"fixed": "60s", "path": "$.n"}}, "either fixed"),
    ],
)
def test_a_fault_says_what_to_write_instead(tmp_path: Path, changes: dict[str, object], word: str) -> None:
    [problem] = problems(write(tmp_path, **changes))
    assert word in problem


@pytest.mark.parametrize(
    "path",
    [
        "v",
        "$.v[0,1]",
        "$.v[0:2]",
        "$..v",
        "$.v[?@.x]",
        "$.v[?match(@.x, '(a*)*b')]",
        "$.v | $.w",
        "$.v[*]",
        "$.PM2.5",
        "",
    ],
)
def test_a_path_whose_work_is_not_bounded_by_its_length_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        path_of(path)


def test_two_mappings_of_one_name_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path)
    with pytest.raises(Misconfigured, match="read before"):
        load_mappings((file, file))
