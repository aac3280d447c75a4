"""Lays one file of devices over another before either is checked: each fault still has its own file and line."""

from collections.abc import Mapping
from typing import Any

from config.loading import Where
from config.registry.listing import Listing, Spot


def merged(installed: Listing, incoming: Listing, *, replace: bool) -> Listing:
    """Merging keeps the devices that `incoming` does not name, and the fields that it does not mention: null clears
    one. Replacing takes `incoming` as it is. A device that `incoming` names twice stays there twice.
    """
    rows: dict[str, _Row] = {}
    for index, content in enumerate(installed.contents):
        rows[_key(content, "installed", index)] = _Row(content, installed, index)
    fresh = {} if replace else dict(rows)
    seen: set[str] = set()
    for index, content in enumerate(incoming.contents):
        key = _key(content, "incoming", index)
        if key in seen:
            key = f"incoming {index}"
        seen.add(key)
        under = rows.get(key) if not replace else None
        fresh[key] = _Row(content, incoming, index, under)
    laid = list(fresh.values())

    def spot(index: int, where: Where) -> Spot:
        return laid[index].spot(where)

    return Listing(contents=[row.content for row in laid], spot=spot, notes=incoming.notes)


class _Row:
    """One device of the outcome, with the files that it comes from."""

    __slots__ = ("_index", "_listing", "_said", "_under", "content")

    def __init__(self, content: Any, listing: Listing, index: int, under: "_Row | None" = None) -> None:
        self._said = content
        self._listing = listing
        self._index = index
        self._under = under
        self.content: Any = _laid_over(under.content if under else {}, content)

    def spot(self, where: Where) -> Spot:
        """In the file that says the field; where none does, in the newer file."""
        if self._under is not None and where and where[0] not in self._said:
            return self._under.spot(where)
        return self._listing.spot(self._index, where)


def _laid_over(below: Any, above: Any) -> Any:
    if not isinstance(above, Mapping):
        return above
    found = dict(below) if isinstance(below, Mapping) else {}
    for name, value in above.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping):
            found[name] = _laid_over(found.get(name), value)
        else:
            found[name] = value
    return found


def _key(content: Any, source: str, index: int) -> str:
    identifier = content.get("id") if isinstance(content, Mapping) else None
    return f"={identifier}" if isinstance(identifier, str) else f"{source} {index}"
