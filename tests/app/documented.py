"""Reads the shapes of docs/internal-api.md, so that what the engine says can be held against them."""

import re
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[2] / "docs" / "internal-api.md"

Shape = Any
"""A dict of shapes by key, a list with the shape of an element, the name of another section, or None for a value."""

_TOKENS = re.compile(r'[{}\[\]:,]|"[^"]*"|[^\s{}\[\]:,"]+')
_SECTION = re.compile(r"^## (\w+)\n.*?```json\n(.*?)```", re.DOTALL | re.MULTILINE)


def shapes() -> dict[str, Shape]:
    """The shape of each section, such as Picture and Alert, by its heading."""
    text = DOCUMENT.read_text(encoding="utf-8")
    parts = re.split(r"(?=^## )", text, flags=re.MULTILINE)
    found = (_SECTION.match(part) for part in parts)
    return {match[1]: _value(_TOKENS.findall(match[2])) for match in found if match}


def differences(content: Any, shape: Shape, *, of: dict[str, Shape], at: str = "") -> list[str]:
    """Paths where the content has other keys than the document; [] when it is exactly as written."""
    if isinstance(shape, str):
        shape = of.get(shape)
    if content is None or shape is None or shape == {}:
        return []
    if isinstance(shape, list):
        parts = [differences(item, shape[0], of=of, at=f"{at}[]") for item in content]
        return sorted({path for part in parts for path in part})
    if not isinstance(content, dict):
        return [f"{at}: not an object"]
    missing = [f"{at}.{key}: documented, not there" for key in shape.keys() - content.keys()]
    extra = [f"{at}.{key}: there, not documented" for key in content.keys() - shape.keys()]
    below = [differences(content[key], shape[key], of=of, at=f"{at}.{key}") for key in shape.keys() & content.keys()]
    return sorted([*missing, *extra, *(path for part in below for path in part)])


def _value(tokens: list[str]) -> Shape:
    """Take one value off the front of the tokens."""
    match tokens[0]:
        case "{":
            return _object(tokens)
        case "[":
            return _list(tokens)
        case _:
            words = []
            while tokens and tokens[0] not in (",", "}", "]"):
                words.append(tokens.pop(0))
            return words[0] if len(words) == 1 and words[0].isalpha() else None


def _object(tokens: list[str]) -> Shape:
    tokens.pop(0)
    found: dict[str, Shape] = {}
    while tokens[0] != "}":
        key = tokens.pop(0).strip('"')
        if tokens[0] == ":":
            tokens.pop(0)
            found[key] = _value(tokens)
        else:
            found[key] = None
        if tokens[0] == ",":
            tokens.pop(0)
    tokens.pop(0)
    return found


def _list(tokens: list[str]) -> Shape:
    tokens.pop(0)
    found = [_value(tokens)]
    while tokens[0] != "]":
        tokens.pop(0)
        _value(tokens)
    tokens.pop(0)
    return found
