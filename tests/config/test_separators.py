"""Where a CSV begins, and what stands between its cells."""

import pytest

from config.separators import head_of


@pytest.mark.parametrize(
    ("text", "line", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", 1, ","),
        ("a;b;c\n1,5;2;3\n", 1, ";"),
        ("a\tb\n", 1, "\t"),
        ("sep=;\na;b\n", 2, ";"),
        ("\ufeffsep=\t\r\na\tb\r\n", 2, "\t"),
        ("sep=|\na|b\n", 2, "|"),
        ('"sep=;",\na,b\n', 2, ","),
        ("sep=;\nonly\n", 2, ";"),
        ("sep=;\n", 2, ";"),
        ("", 1, ","),
    ],
)
def test_the_head_is_found_with_its_line_and_its_delimiter(text: str, line: int, delimiter: str) -> None:
    lines = iter(text.splitlines(keepends=True))
    head = head_of(lines)
    assert (head.line, head.delimiter) == (line, delimiter)
    assert [head.text, *lines] == (text.splitlines(keepends=True)[line - 1 :] or [""])


@pytest.mark.parametrize(("text", "pointed"), [("a,b", "72,5"), ("a;b", "72.5"), ("a\tb", "72.5")])
def test_commas_are_decimal_where_they_do_not_stand_between_cells(text: str, pointed: str) -> None:
    assert head_of(iter([text])).pointed("72,5") == pointed


@pytest.mark.parametrize("cell", ["1,013.5", "1,013,250", "level, in dB", "72.5", ""])
def test_a_cell_that_is_no_number_with_a_decimal_comma_stays_as_it_is(cell: str) -> None:
    assert head_of(iter(["a;b"])).pointed(cell) == cell


@pytest.mark.parametrize(("cell", "pointed"), [(" -0,5 ", " -0.5 "), (",5", ".5"), ("1,5e-3", "1.5e-3")])
def test_numbers_with_a_decimal_comma(cell: str, pointed: str) -> None:
    assert head_of(iter(["a;b"])).pointed(cell) == pointed
