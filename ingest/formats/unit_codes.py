"""Unit codes of UN/CEFACT Recommendation 20, as NGSI entities carry them, and the catalogue's spellings."""

from domain.codes import Meaning

_UNITS = {
    "GQ": "µg/m³",
    "GP": "mg/m³",
    "59": "ppm",
    "61": "ppb",
    "CEL": "°C",
    "FAH": "°F",
    "KEL": "K",
    "P1": "%",
    "C62": "1",
    "MTS": "m/s",
    "KMH": "km/h",
    "KNT": "kt",
    "DD": "°",
    "C81": "rad",
    "A97": "hPa",
    "PAL": "Pa",
    "KPA": "kPa",
    "MBR": "mbar",
    "BAR": "bar",
    "VLT": "V",
    "2Z": "mV",
    "KVT": "kV",
    "AMP": "A",
    "4K": "mA",
    "WTT": "W",
    "KWT": "kW",
    "WHR": "Wh",
    "KWH": "kWh",
    "MWH": "MWh",
    "MTR": "m",
    "CMT": "cm",
    "MMT": "mm",
    "H67": "mm/h",
    "2N": "dB",
}


def unit_of_code(code: str) -> str:
    """The unit; a code that is not known here comes back as it is, and the conversion refuses or knows it."""
    return _UNITS.get(code.strip(), code.strip())


def weighted(unit: str | None, meaning: Meaning | None) -> str | None:
    """The unit, with dB as dB(A) where the name of the quantity already says that it is A-weighted (LAeq)."""
    return "dB(A)" if unit == "dB" and meaning is not None and meaning.unit == "dB(A)" else unit
