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


@pytest.mark.parametrize(("text", "decimal"), [("a,b", "."), ("a;b", ","), ("a\tb", ",")])
def test_commas_are_decimal_where_they_do_not_stand_between_cells(text: str, decimal: str) -> None:
    assert head_of(iter([text])).decimal == decimal
