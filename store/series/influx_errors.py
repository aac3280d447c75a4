"""What goes wrong with an InfluxDB server, in our words: retry, mend the settings, or give up on these readings."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import msgspec
import urllib3.exceptions
from influxdb_client.rest import ApiException

from domain.errors import CitybrainError, Misconfigured, Problem, Refused, Temporary
from store.settings import InfluxSettings

SETTINGS = "store.series.influxdb"
_DROPPED = re.compile(r"\bdropped=(\d+)")
"""What 1.x and 2.x write at the end of a partial write: how many points they did not take."""


class TooLarge(Refused):
    """The request as a whole is larger than the server, or a proxy before it, takes: send less at once."""


class LinesRefused(Refused):
    """Some lines of a request are bad. `lines`: those that the server names, counted from 0; `dropped`: how many."""

    def __init__(self, message: str, *, lines: tuple[int, ...], dropped: int | None) -> None:
        super().__init__(message)
        self.lines = lines
        self.dropped = dropped


class _NamedLine(msgspec.Struct):
    line_number: int = 0


class _Fault(msgspec.Struct):
    """The JSON of a refusal: 2.x names the first bad line in `line`, 3.x each of them (up to 100) in `data`."""

    line: int = 0
    data: list[_NamedLine] | _NamedLine | None = None


@contextmanager
def translated(settings: InfluxSettings) -> Iterator[None]:
    """No exception of httpx, urllib3 or influxdb-client leaves this."""
    try:
        yield
    except ApiException as exc:
        raise for_status(exc.status or 0, exc.body or exc.reason or "", exc.headers or {}, settings) from exc
    except (httpx.HTTPError, httpx.StreamError, urllib3.exceptions.HTTPError, OSError) as exc:
        words = str(exc) or type(exc).__name__
        raise Temporary(f"InfluxDB at {settings.url} does not answer: {words}; start it or mend the url") from exc
    except (httpx.InvalidURL, httpx.CookieConflict) as exc:
        raise misconfigured(f"url {settings.url!r} cannot be used: {exc}; write http://host:8086") from exc


def for_status(status: int, words: str, headers: Mapping[str, str], settings: InfluxSettings) -> CitybrainError:
    """The error for an answer that is not 2xx; `words` are the server's own."""
    told = f"InfluxDB at {settings.url} answers {status}: {words.strip()[:500]}"
    match status:
        case 401 | 403:
            return misconfigured(f"{told}; {_credentials(settings)}")
        case 404:
            return misconfigured(f"{told}; {_place(settings)}")
        case 413:
            return TooLarge(told)
        case 400 | 422:
            return LinesRefused(told, lines=_named_lines(words), dropped=_dropped(words))
        case 405 | 406 | 409 | 411 | 414 | 415:
            return Refused(told)
        case _:
            return Temporary(told, retry_after_s=_retry_after(headers))


def misconfigured(message: str) -> Misconfigured:
    return Misconfigured([Problem(file=SETTINGS, line=None, message=message)])


def _credentials(settings: InfluxSettings) -> str:
    match settings.generation:
        case 1:
            return f"set username and password_file of a user with all rights on database {settings.database!r}"
        case 2:
            return (
                f"set token_file to a token that may read and write bucket {settings.bucket!r} of org {settings.org!r}"
            )
        case 3:
            return f"set token_file to a token for database {settings.database!r}"


def _place(settings: InfluxSettings) -> str:
    match settings.generation:
        case 1:
            return f"create it: influx -execute 'CREATE DATABASE {settings.database}'"
        case 2:
            return (
                f"create it: influx bucket create --org {settings.org} --name {settings.bucket}; for reading: "
                f"influx v1 dbrp create --db {settings.database} --rp autogen --default --bucket-id <id>"
            )
        case 3:
            return f"create it: influxdb3 create database {settings.database}"


def _named_lines(words: str) -> tuple[int, ...]:
    try:
        fault = msgspec.json.decode(words, type=_Fault)
    except msgspec.DecodeError:
        return ()
    named = fault.data if isinstance(fault.data, list) else [fault.data or _NamedLine(line_number=fault.line)]
    return tuple(one.line_number - 1 for one in named if one.line_number > 0)


def _dropped(words: str) -> int | None:
    found = _DROPPED.search(words)
    return int(found[1]) if found else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds. The other form, a date, is left alone: it would need the server's clock."""
    hint = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(hint) if hint.strip().isdigit() else None
