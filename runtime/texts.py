"""Texts from the wire, made harmless for what shows them: terminals, logs and spreadsheets."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, or skips before one (OWASP, CSV injection)."""


def harmless(text: str) -> str:
    """The text with control characters, and letters that turn the direction of writing, spelled out."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _spelled(letter) for letter in text)


def as_cell(text: str) -> str:
    """The text for a cell of a spreadsheet, which must not calculate with it: marked as text where it might.

    A CSV is looked at in terminals too: what would steer one is spelled out, ends of lines and tabs stay.
    """
    marked = f"'{text}" if text.startswith(_FORMULA) else text
    if marked.isprintable():
        return marked
    return "".join(one if one.isprintable() or one in "\t\r\n" else _spelled(one) for one in marked)


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")
