"""Every text exists in both languages, is used somewhere, and every text that is used exists."""

import re
from pathlib import Path

import pytest

import config
import dashboard
from dashboard.languages import Language
from dashboard.words import load_words

FOLDER = Path(dashboard.__file__).parent
SOURCES = [*FOLDER.rglob("*.py"), *FOLDER.rglob("*.js")]
EXACT = re.compile(r"""(?:(?:words|\bt)\(\s*|return )["'`]([\w.-]+)["'`]""")
EITHER = re.compile(r"""["']([a-z_]+\.[\w.-]+)["'] (?:if|else)|(?:if|else|\?|:) ["']([a-z_]+\.[\w.-]+)["']""")
BY_PREFIX = re.compile(r"""(?:f"|`)([a-z_]+\.)(?:\{|\$\{)""")
OF_THE_LOGIN_PAGE = re.compile(r"\$(\w+?)_(\w+)")


def used() -> tuple[set[str], set[str]]:
    """Keys that are named, and beginnings of keys that are put together."""
    exact, prefixes = set(), set()
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        exact |= set(EXACT.findall(text)) | {a or b for a, b in EITHER.findall(text)}
        prefixes |= set(BY_PREFIX.findall(text))
    login = (FOLDER / "access" / "login.html").read_text(encoding="utf-8")
    exact |= {f"{head}.{tail}" for head, tail in OF_THE_LOGIN_PAGE.findall(login)}
    return exact, prefixes


def test_every_key_that_is_used_exists() -> None:
    known = load_words().by_key
    keys = {key for key in used()[0] if key.partition(".")[0] in {k.partition(".")[0] for k in known}}
    assert keys - set(known) == set()


def test_every_key_is_used() -> None:
    exact, prefixes = used()
    unused = [key for key in load_words().by_key if key not in exact and not key.startswith(tuple(prefixes))]
    assert unused == []


def test_every_key_that_is_put_together_has_a_word() -> None:
    known = load_words().by_key
    assert [prefix for prefix in used()[1] if not any(key.startswith(prefix) for key in known)] == []


def test_editions_that_are_named_in_two_languages_have_a_word_in_each() -> None:
    named = re.compile(r"source: ([^,}\n]*[\u4e00-\u9fff][^,}\n]*)")
    tables = (Path(config.__file__).parent / "limits").glob("*.yaml")
    editions = {edition.strip() for path in tables for edition in named.findall(path.read_text(encoding="utf-8"))}
    assert editions
    assert {f"figure_value.{edition}" for edition in editions} - set(load_words().by_key) == set()


@pytest.mark.parametrize("language", Language)
def test_no_text_is_empty(language: Language) -> None:
    assert [key for key, text in load_words().all(language).items() if not text.strip()] == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    fields = re.compile(r"\{(\w+)\}")
    different = [
        key for key, word in load_words().by_key.items() if set(fields.findall(word.zh)) != set(fields.findall(word.en))
    ]
    assert different == []


def test_chinese_texts_hold_chinese() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    without = {key for key, word in load_words().by_key.items() if not han.search(word.zh)}
    assert without == {"app.other_language", "tile.lit_of_due"}
