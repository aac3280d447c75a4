"""Small pieces that several pages are made of."""

from collections.abc import Sequence
from typing import Any

from dash import html

Children = Any
"""What Dash accepts as children: text, a component, or a sequence of both."""

SEVERITIES = ("red", "yellow", "white")


def aria(**states: str) -> dict[str, Any]:
    """Attributes for assistive technology: aria(label="…")."""
    return {f"aria-{name}": value for name, value in states.items()}


def panel(title: Children, body: Children, *, note: Children = None, cls: str = "", tools: Children = None) -> Any:
    """A titled box. `note` stands beside the title, `tools` at the right end."""
    header = [html.H2(title), html.Div(note, className="note"), html.Div(tools, className="tools")]
    return html.Section([html.Header(header), html.Div(body, className="body")], className=f"panel {cls}")


def pairs(rows: Sequence[tuple[Children, Children]]) -> Any:
    """A list of names and values."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows if value not in (None, "")])


def table_head(text: str, *, is_numeric: bool) -> Any:
    """The head of a column; numbers stand to the right."""
    return html.Th(text, scope="col", className="right" if is_numeric else "")


def chip(severity: str, text: str) -> Any:
    """The supervision colour, doubled by a character."""
    return html.Span(text, className=f"chip {severity}")


def notice(text: Children, *, cls: str = "") -> Any:
    """A sentence where there is nothing else to show."""
    return html.P(text, className=f"notice {cls}")
