"""Bends a structure (what JSON and CBOR hold) somewhere: other values, other names, deeper, longer."""

from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 255, 256, 65535, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30),
    *(0.0, -0.0, 1e-320, 1e308, -1e308, 3.5e38, 1e15, 946_684_800, 1_790_000_000, 1_790_000_000_000, 9_999_999_999_999),
    *("", " ", "-", "nan", "NaN", "Infinity", "-inf", "1e400", "1e-400", "١٢", "1_000", "0x10", "12,3", "1" * 70),
    *("=1+1", "@SUM(A1)", "a\x1b[2Jb", "a\nb", "\x00", "\u202egpj", "😀" * 50, "x" * 300, "../../etc", "a/b", "+", "#"),
    *("2026-11-22T12:00:00Z", "2026-11-22T12:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *("2026-11-22T24:00:00Z", "20261122200000", "99991231235959", "1970-01-01T00:00:00Z", "2026-W47-7", "AQ==", "qg=="),
    *([], {}, [[]], [None], {"": None}, {"value": None}, [1, "a", {}], {"time": 1, "value": 2}),
)
_DEEPEST = 60


def bent(content: Any, draw: Random, words: tuple[Any, ...]) -> Any:
    """A copy with one to four places changed; `words` are further values to put there."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        content = _at_a_place(content, draw, words)
    return content


def _at_a_place(content: Any, draw: Random, words: tuple[Any, ...]) -> Any:
    """Goes down by chance and stops by chance."""
    if isinstance(content, dict) and content and draw.random() < 0.8:
        name = draw.choice(list(content))
        if draw.random() < 0.15:
            return _renamed(content, name, draw, words)
        return {**content, name: _at_a_place(content[name], draw, words)}
    if isinstance(content, list) and content and draw.random() < 0.8:
        place = draw.randrange(len(content))
        if draw.random() < 0.15:
            return _lengthened(content, place, draw)
        return [*content[:place], _at_a_place(content[place], draw, words), *content[place + 1 :]]
    return _instead(content, draw, words)


def _renamed(content: dict[Any, Any], name: Any, draw: Random, words: tuple[Any, ...]) -> dict[Any, Any]:
    others = {key: value for key, value in content.items() if key != name}
    match draw.randrange(3):
        case 0:
            return others
        case 1:
            return {**others, _name_among(words, draw): content[name]}
        case _:
            return {**content, **{f"{name}{number}": content[name] for number in range(draw.choice((1, 2, 30)))}}


def _name_among(words: tuple[Any, ...], draw: Random) -> str:
    word = draw.choice(words) if words else ""
    return word if isinstance(word, str) else draw.choice(("x", "value", "time", "id", ""))


def _lengthened(content: list[Any], place: int, draw: Random) -> list[Any]:
    match draw.randrange(3):
        case 0:
            return content[:place] + content[place + 1 :]
        case 1:
            return content[:place] + [content[place]] * draw.choice((2, 3, 40)) + content[place + 1 :]
        case _:
            return draw.sample(content, len(content))


def _instead(content: Any, draw: Random, words: tuple[Any, ...]) -> Any:
    match draw.randrange(6):
        case 0:
            return draw.choice(words) if words else None
        case 1:
            return _deepened(content, draw)
        case 2 if isinstance(content, int | float) and not isinstance(content, bool):
            return content * draw.choice((-1, 0, 1000, 1e6, 1e9)) + draw.choice((0, 1, -1, 0.5))
        case 3 if isinstance(content, str):
            return draw.choice((content + content, content[: len(content) // 2], content.upper(), f" {content} "))
        case 4:
            return str(content)[:1000]
        case _:
            return draw.choice(ODD)


def _deepened(content: Any, draw: Random) -> Any:
    for _ in range(draw.choice((1, 2, 30, 33, _DEEPEST))):
        content = [content] if draw.random() < 0.5 else {"a": content}
    return content
