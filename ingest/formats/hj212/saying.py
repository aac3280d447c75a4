"""Turns one sample of a data packet into measurements: fields, flags, units and times as HJ 212 means them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.codes import Meaning
from domain.devices import Dialect
from domain.instants import MICROS_PER_S
from domain.messages import Reason
from domain.readings import Quality
from ingest.formats.hj212.content import Sample
from ingest.formats.hj212.coverage import Coverage
from ingest.formats.telling import Moment, Telling

ASK = "ask"
"""A unit in the table of codes that only the device's dialect can tell."""

_SKEW = 300 * MICROS_PER_S
"""A clock further ahead than this is wrong: what it says covers nothing."""

_VALUES = ("rtd", "td", "avg", "data", "")
"""Fields that are the value, the more precise name first; `td` is a frequent misprint of Rtd."""
_LEFT_OUT = {
    "min": "the least value of the interval is kept nowhere",
    "max": "the greatest value of the interval is kept for noise alone",
    "cou": "the sum over the interval is kept nowhere",
    "zsrtd": "converted to standard oxygen content: for stacks",
    "zsavg": "converted to standard oxygen content: for stacks",
    "zsmin": "converted to standard oxygen content: for stacks",
    "zsmax": "converted to standard oxygen content: for stacks",
    "eflag": "the state of the instrument; the flag beside the value decides",
    "sampletime": "the time of sampling; DataTime counts",
    "daydata": "day and night figures are computed here",
    "nightdata": "day and night figures are computed here",
    "info": "the state of a device, no measurement",
    "sn": "the serial number of a device",
}
_GOOD_FLAGS = frozenset("N31")
"""N = normal; stations of 2005 in ambient air write 3 = normal, 1 = weather."""
_FLAGS = {
    "M": (Quality.UNCERTAIN, "maintenance"),
    "S": (Quality.UNCERTAIN, "set by hand"),
    "T": (Quality.UNCERTAIN, "beyond the measuring range"),
    "F": (Quality.BAD, "out of operation"),
    "D": (Quality.BAD, "instrument fault"),
    "C": (Quality.BAD, "calibration"),
    "B": (Quality.BAD, "instrument not reached"),
    "P": (Quality.BAD, "power failure"),
    "0": (Quality.BAD, "calibration"),
    "2": (Quality.BAD, "abnormal"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """How one station speaks: the table of the format, and its own dialect."""

    codes: Mapping[str, Meaning]
    dialect: Dialect
    coverage: Coverage
    received: int
    """Arrival of what it says now, microseconds."""


class Tale(Telling):
    """A telling that knows how much it has told."""

    __slots__ = ()

    @property
    def told(self) -> int:
        """Measurements so far."""
        return len(self._measurements)


def say(telling: Tale, sample: Sample, speaker: Speaker) -> None:
    """All of the sample, at the telling's moment."""
    for code, fields in sample.factors.items():
        moment = _flagged(telling, code, fields.get("flag", ""))
        chosen = next((name for name in _VALUES if name in fields), None)
        if chosen is not None:
            _say(telling, speaker, code, fields[chosen], moment)
        elif "flag" in fields:
            telling.skip(code, f"flag {fields['flag'][:10]} without a value")
        for name in fields.keys() - {chosen, "flag"}:
            _say_field(telling, speaker, (code, name, fields[name]), moment)
    for name in sample.repeated:
        telling.skip(name, "given twice; the first stands")
    for text in sample.oddities:
        telling.reject(Reason.WRONG_SHAPE, f"{text[:60]!r} is no name=value")


def _say_field(telling: Tale, speaker: Speaker, item: tuple[str, str, str], moment: Moment) -> None:
    code, name, value = item
    full = f"{code}-{name}"
    if full.casefold() in speaker.codes:
        _say(telling, speaker, full, value, moment)
    elif name in _VALUES:
        telling.skip(full, "the same quantity under a better name stands beside it")
    elif name in _LEFT_OUT:
        telling.skip(full, _LEFT_OUT[name])
    else:
        telling.reject(Reason.UNKNOWN_METRIC, f"{full[:60]!r}: HJ 212 has no such field; {value[:20]!r} is not read")


def _say(telling: Tale, speaker: Speaker, code: str, value: str, moment: Moment) -> None:
    why_not = speaker.coverage.why_not(telling.device, code, moment)
    if why_not is not None:
        telling.skip(code, why_not)
        return
    before = telling.told
    _say_in_its_unit(telling, speaker, code, value, moment)
    if telling.told > before and moment.quality is Quality.GOOD and (moment.at or 0) < speaker.received + _SKEW:
        speaker.coverage.told(telling.device, code, moment)


def _say_in_its_unit(telling: Telling, speaker: Speaker, code: str, value: str, moment: Moment) -> None:
    usual = speaker.codes.get(code.casefold())
    unit = _unit(code, speaker.dialect)
    if unit is None and usual is not None and usual.unit == ASK and not _is_remapped(code, usual, speaker.dialect):
        detail = (
            f"{code}: stations send it in different units; say which: at the device, dialect: {{units: {{{code}: "
            f"{_EXAMPLES.get(usual.metric or '', 'µg/m³')}}}}}"
        )
        telling.reject(Reason.UNKNOWN_UNIT, detail)
    else:
        telling.say(code, value, unit=unit, moment=moment)


_EXAMPLES = {"co": "mg/m³", "pressure": "kPa"}


def _unit(code: str, dialect: Dialect) -> str | None:
    """As the dialect has it, whatever the case of the letters."""
    wanted = code.casefold()
    return next((unit for name, unit in dialect.units.items() if name.casefold() == wanted), None)


def _is_remapped(code: str, usual: Meaning, dialect: Dialect) -> bool:
    return dialect.metrics.get(code, usual.metric) != usual.metric


def _flagged(telling: Telling, code: str, flag: str) -> Moment:
    """The moment with the quality that the flag leaves to the value."""
    letter = flag.strip().upper()
    if not letter or letter in _GOOD_FLAGS:
        return telling.moment
    quality, meaning = _FLAGS.get(letter, (Quality.UNCERTAIN, "unknown to HJ 212"))
    telling.skip(f"{code}-Flag", f"{flag[:10]}: {meaning}; the value is kept as {quality.name.lower()}")
    return replace(telling.moment, quality=max(telling.moment.quality, quality))
