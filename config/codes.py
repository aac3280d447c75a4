"""Tables of what the codes of a wire format mean: data, one YAML file per format."""

from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from config.loading import Strict, load
from domain.codes import Meaning

SHIPPED = Path(__file__).with_name("codes")


class CodeEntry(Strict):
    """`unit` is what the format sends under this code, the catalogue's where it is absent. `states` gives words and
    booleans their numbers. `missing` lists numbers that stand for "no value". `ignore` says why nobody measures it.
    """

    metric: str | None = None
    unit: str | None = None
    states: dict[str, float] = Field(default_factory=dict)
    missing: tuple[float, ...] = ()
    ignore: str | None = None

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        if (self.metric is None) == (self.ignore is None):
            raise ValueError("give either metric or ignore")
        return self


class CodesFile(Strict):
    """`source`: where the meanings are written down."""

    source: str
    codes: dict[str, CodeEntry]


@cache
def shipped_codes(name: str) -> dict[str, Meaning]:
    """Code in lower case → meaning, of a table that ships (config/codes/NAME.yaml). Raises Misconfigured."""
    return load_codes(SHIPPED / f"{name}.yaml")


def load_codes(path: Path) -> dict[str, Meaning]:
    """Code in lower case → meaning. Raises Misconfigured."""
    file = load(path, CodesFile)
    return {code.casefold(): meaning_of(entry) for code, entry in file.codes.items()}


def meaning_of(entry: CodeEntry) -> Meaning:
    return Meaning(
        metric=entry.metric,
        unit=entry.unit,
        states={word.casefold(): number for word, number in entry.states.items()},
        missing=frozenset(entry.missing),
        ignored_because=entry.ignore,
    )
