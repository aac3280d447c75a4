"""What a message holds beside all that a mapping names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.formats.mapping_paths import EVERY, Step


@dataclass(slots=True)
class Branch:
    """A tree of steps. All that stands below an end is named with it."""

    is_end: bool = False
    below: dict[Step, "Branch"] = field(default_factory=dict)

    def unnamed(self, found: Any, where: str = "") -> Iterator[tuple[str, int]]:
        """Where something stands that no path leads to, and how many values that is."""
        if self.is_end:
            return
        match found:
            case dict():
                for name, value in found.items():
                    yield from self._unnamed_child(name, value, f"{where}.{name}" if where else str(name))
            case list():
                for place, value in enumerate(found):
                    step = place - len(found) if place - len(found) in self.below else place
                    yield from self._unnamed_child(step, value, f"{where}[{place}]")
            case None:
                return
            case _:
                yield where, 1

    def _unnamed_child(self, step: Step, value: Any, where: str) -> Iterator[tuple[str, int]]:
        branch = self.below.get(step) or self.below.get(EVERY)
        if branch is not None:
            yield from branch.unnamed(value, where)
        elif count := _values_in(value):
            yield where, count


def branches(paths: Iterable[tuple[Step, ...]]) -> Branch:
    tree = Branch()
    for steps in paths:
        branch = tree
        for step in steps:
            branch = branch.below.setdefault(step, Branch())
        branch.is_end = True
    return tree


def _values_in(content: Any) -> int:
    match content:
        case dict():
            return sum(map(_values_in, content.values()))
        case list():
            return sum(map(_values_in, content))
        case None:
            return 0
        case _:
            return 1
