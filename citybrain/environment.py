"""Settings from the environment: `CITYBRAIN_BROKER__HOST=mqtt` is `broker: {host: mqtt}`; it wins over the file."""

from collections.abc import Iterable, Mapping
from typing import Any

from config.loading import parse_yaml

PREFIX = "CITYBRAIN_"


def overlay(content: Mapping[str, Any], environment: Mapping[str, str], *, sections: Iterable[str]) -> dict[str, Any]:
    """The file's content with the environment's values put over it.

    Only variables whose first word is one of the `sections` count. Values are read as YAML (`8050`, `true`, `[a, b]`),
    except those of secrets (`…PASSWORD`, `…TOKEN`), which are taken as they stand. Raises Misconfigured.
    """
    known = set(sections)
    merged = {key: dict(value) if isinstance(value, Mapping) else value for key, value in content.items()}
    for variable, text in sorted(environment.items()):
        path = variable.removeprefix(PREFIX).lower().split("__")
        if variable.startswith(PREFIX) and path[0] in known:
            is_secret = path[-1].endswith(("password", "token"))
            _put(merged, path, text if is_secret else parse_yaml(text, file=f"environment variable {variable}"))
    return merged


def _put(content: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        below = content.get(key)
        content[key] = dict(below) if isinstance(below, Mapping) else {}
        content = content[key]
    content[path[-1]] = value
