"""What goes wrong with an InfluxDB server, in our words: retry, mend the settings, or give up on these readings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import urllib3.exceptions
from influxdb_client.rest import ApiException

from domain.errors import CitybrainError, Misconfigured, Problem, Refused, Temporary
from store.settings import InfluxSettings

SETTINGS = "store.series.influxdb"


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
        case 400 | 405 | 406 | 409 | 411 | 413 | 414 | 415 | 422:
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


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds. The other form, a date, is left alone: it would need the server's clock."""
    hint = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(hint) if hint.strip().isdigit() else None
