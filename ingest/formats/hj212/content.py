"""The content of a data packet: samples, each with its time, and what each factor said."""

import re
from dataclasses import dataclass, field

_REMARK = re.compile(r"//.*?//", re.DOTALL)
_SEPARATOR = re.compile("[;,]")  # some write a comma where a semicolon belongs, and nothing but flags tells them apart
_CUT_NUMBER = re.compile(r"(=\s*[+-]?\d+),(?=\d+(?:[eE][+-]?\d{1,3})?\s*(?:[;,]|$))", re.ASCII)
_COMMA = "\0"
FLAG_LETTERS = frozenset("NFMSDCTBP0123")
"""HJ 212-2017 6.6.4 (N F M S D C T B); 2005 has P as well and, for stations in ambient air, digits."""


_HEADER = frozenset({"qn", "st", "cn", "pw", "mn", "flag", "pnum", "pno"})
"""Some repeat fields of the header in the content."""


@dataclass(slots=True, kw_only=True)
class Sample:
    """What was said under one DataTime. `factors`: code → field in lower case → text; a bare value has the field ""."""

    time: str | None = None
    factors: dict[str, dict[str, str]] = field(default_factory=dict)
    oddities: list[str] = field(default_factory=list)
    """Items that read neither name=value nor as anything else."""
    repeated: list[str] = field(default_factory=list)
    """Names that came a second time: the first stands."""

    def say(self, name: str, value: str) -> None:
        code, dash, what = name.rpartition("-")
        if not dash:
            code, what = name, "flag" if value.upper() in FLAG_LETTERS and not value.isdigit() else ""
        fields = self.factors.setdefault(code.strip(), {})
        key = what.strip().casefold()
        if key in fields:
            self.repeated.append(name)
        else:
            fields[key] = value


def samples_of(content: str) -> list[Sample]:
    """In the order of the content; each DataTime begins a new one. A single one holds for what stands before it too."""
    samples = [Sample()]
    # digits that belong to no name are the rest of a number with a decimal comma: 35,2 must not become 35
    whole = _CUT_NUMBER.sub(rf"\1{_COMMA}", _REMARK.sub("", content).replace(_COMMA, ""))
    for item in _SEPARATOR.split(whole):
        name, equals, value = (part.strip() for part in item.replace(_COMMA, ",").partition("="))
        if not equals or not name:
            if item.strip():
                samples[-1].oddities.append(item.strip())
        elif name.casefold() == "datatime":
            samples.append(Sample(time=value))
        elif name.casefold() not in _HEADER:
            samples[-1].say(name, value)
    first, *timed = samples
    if len(timed) == 1:
        first.time = timed[0].time
    return [*([first] if first.factors or first.oddities else []), *timed]
