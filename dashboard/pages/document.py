"""The HTML document around Dash: language, title, and what the scripts need before anything else, as inert JSON."""

import json
from collections.abc import Callable
from typing import Any

from dash import Dash

from dashboard.languages import current

_DOCUMENT = """<!DOCTYPE html>
<html lang="{language}">
<head>
{metas}
<title>{title}</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
{css}
</head>
<body>
<script type="application/json" id="citybrain">{start}</script>
{app_entry}
<footer>{config}{scripts}{renderer}</footer>
</body>
</html>"""

Start = dict[str, Any]


class Document(Dash):
    """Dash with a document per language. `title_of` and `start_of` are asked at each request."""

    def __init__(self, *, title_of: Callable[[], str], start_of: Callable[[], Start], **settings: Any) -> None:
        super().__init__("dashboard", **settings)
        self._title_of = title_of
        self._start_of = start_of

    def interpolate_index(  # noqa: PLR0913, PLR0917 -- the signature is Dash's own
        self,
        metas: str = "",
        title: str = "",
        css: str = "",
        config: str = "",
        scripts: str = "",
        app_entry: str = "",
        favicon: str = "",
        renderer: str = "",
    ) -> str:
        # the JSON is data, not script, so that the content policy lets it stand; "<" could end the element
        inert = json.dumps(self._start_of(), ensure_ascii=False).replace("<", "\\u003c")
        return _DOCUMENT.format(
            language=current.get().value,
            title=self._title_of().replace("&", "&amp;").replace("<", "&lt;"),
            start=inert,
            metas=metas,
            css=css,
            app_entry=app_entry,
            config=config,
            scripts=scripts,
            renderer=renderer,
        )
