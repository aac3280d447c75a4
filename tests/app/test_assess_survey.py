"""A city's noise grade after HJ 640: cells by the plain mean, roads by their length, nothing left out in silence."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from citybrain.cli import cli
from domain.errors import Refused


def assess(file: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["assess", "survey", str(file), "--date", "2026-11-22", *options])


def table(folder: Path, text: str) -> Path:
    file = folder / "survey.csv"
    file.write_text(text, encoding="utf-8")
    return file


def found(file: Path, *options: str) -> dict[str, Any]:
    result = assess(file, *options, "--json")
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def test_cells_are_averaged_arithmetically_not_by_energy(tmp_path: Path) -> None:
    report = found(table(tmp_path, "cell,leq\na,50\nb,60\n"))
    assert (report["mean"], report["graded"], report["grade"]) == (55.0, 55.0, 2)  # by energy it would be 57.4


def test_the_line_of_excel_that_names_the_delimiter_is_passed_over(tmp_path: Path) -> None:
    report = found(table(tmp_path, "sep=;\ncell;leq\na;50\nb;60\nc;loud\n"))
    assert report["mean"] == 55.0
    assert "5" in json.dumps(report["left_out"])


def test_roads_count_by_their_length(tmp_path: Path) -> None:
    file = table(tmp_path, "road,leq,length\na,70,3000\nb,74,1000\n")
    report = found(file, "--roads")
    assert (report["mean"], report["length"], report["grade"]) == (71.0, 4000.0, 3)


@pytest.mark.parametrize(("level", "grade"), [("50.0", 1), ("50.1", 2), ("65.0", 4), ("65.1", 5)])
def test_the_grades_of_a_region_by_day_end_where_the_standard_says(tmp_path: Path, level: str, grade: int) -> None:
    assert found(table(tmp_path, f"leq\n{level}\n"))["grade"] == grade


def test_the_night_has_bounds_of_its_own(tmp_path: Path) -> None:
    assert found(table(tmp_path, "leq\n45.1\n"), "--night")["grade"] == 3


def test_what_is_no_level_is_left_out_and_told_with_its_line(tmp_path: Path) -> None:
    report = found(table(tmp_path, "等效声级\n55\n-99\n—\n0\n300\n57,0\n".replace("57,0", '"57,0"')))
    assert (report["points"], report["mean"]) == (2, 56.0)
    assert [row["line"] for row in report["left_out"]] == [3, 4, 5, 6]


def test_a_road_without_a_length_is_left_out(tmp_path: Path) -> None:
    report = found(table(tmp_path, "leq,length\n70,0\n72,500\n"), "--roads")
    assert (report["points"], report["mean"]) == (1, 72.0)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("cell,noise\na,50\n", (), "no column names a level"),
        ("leq\n50\n", ("--roads",), "no column names a length"),
        ("leq\n-99\n", (), "no row has a usable level"),
        ("", (), "no column names a level"),
    ],
)
def test_a_table_that_cannot_be_graded_says_why(
    tmp_path: Path, text: str, options: tuple[str, ...], words: str
) -> None:
    result = assess(table(tmp_path, text), *options)
    assert isinstance(result.exception, Refused) and words in str(result.exception)


def test_the_page_names_mean_and_grade_in_both_languages(tmp_path: Path) -> None:
    output = assess(table(tmp_path, "leq\n54\n55\n")).output
    assert "54.500 → 54.5 dB(A)" in output and "二级 较好 · grade 2 rather good" in output
