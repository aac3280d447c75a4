"""One InfluxDB server over HTTP: how each generation wants to be written to, asked, and identified to."""

from datetime import datetime
from functools import cached_property
from typing import Any

import httpx
import msgspec

from domain.errors import Misconfigured, Refused, Temporary
from store.series.influx_errors import for_status, misconfigured, translated
from store.series.influxql import creation
from store.settings import InfluxSettings

UNKNOWN_DATABASE = ("database not found", "not found: database", "no dbrp mapping", "dbrp mapping not found")


class InfluxSeries(msgspec.Struct):
    """One measurement of an InfluxQL answer. `partial`: more of it follows in the next chunk."""

    columns: list[str]
    values: list[list[Any]]
    name: str = ""
    partial: bool = False


class _Result(msgspec.Struct):
    series: list[InfluxSeries] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result] = []
    error: str = ""


class InfluxServer:
    """Every method raises Temporary (away, busy), Misconfigured (rights, names) or Refused (these very lines)."""

    def __init__(self, settings: InfluxSettings, transport: httpx.BaseTransport | None = None) -> None:
        """Connects to nothing yet. `transport` is httpx's own seam for tests and proxies."""
        self.settings = settings
        self._http = httpx.Client(
            base_url=settings.url, timeout=settings.timeout, headers=_headers(settings), transport=transport
        )

    def write(self, lines: bytes) -> None:
        """Line protocol with times in microseconds. A database of generation 1 that is missing is created."""
        match self.settings.generation:
            case 1:
                self._write_1(lines)
            case 2 | 3:
                with translated(self.settings):
                    self._writer.write(bucket=self._bucket, org=self.settings.org, record=lines, write_precision="us")

    def ask(self, question: str) -> list[InfluxSeries]:
        """The series of all statements. A generation 1 database that does not exist yet has none."""
        answers = self._query(question)
        results = [result for answer in answers for result in answer.results]
        errors = [answer.error for answer in answers] + [result.error for result in results]
        for error in filter(None, errors):
            if not any(phrase in error for phrase in UNKNOWN_DATABASE):
                raise Refused(f"InfluxDB at {self.settings.url} refuses the question: {error}")
            if self.settings.generation != 1:
                raise for_status(404, error, {}, self.settings)
        return _joined([series for result in results for series in result.series])

    def delete(self, *, start: datetime, stop: datetime, measurement: str) -> None:
        """Generation 2 only: drop a time range, both ends inclusive, of one measurement."""
        with translated(self.settings):
            self._client.delete_api().delete(
                start, stop, f'_measurement="{measurement}"', bucket=self.settings.bucket, org=self.settings.org
            )

    def close(self) -> None:
        self._http.close()
        if "_client" in self.__dict__:
            self._client.close()

    def _write_1(self, lines: bytes) -> None:
        parameters = {"db": self.settings.database, "precision": "u"}
        if self.settings.retention_policy:
            parameters["rp"] = self.settings.retention_policy
        try:
            self._post("/write", parameters, content=lines)
        except Misconfigured:
            if not self._create_database():
                raise
            self._post("/write", parameters, content=lines)

    def _create_database(self) -> bool:
        """Whether it worked; without the right to do so the first error tells more than this one."""
        try:
            answers = self._query(creation(self.settings.database))
            return not any(result.error for answer in answers for result in answer.results)
        except (Misconfigured, Refused):
            return False

    def _query(self, question: str) -> list[_Answer]:
        # In one piece an answer is cut at the server's max-row-limit; in chunks, one JSON document a line, it is not.
        parameters = {"db": self.settings.database, "epoch": "u", "chunked": "true"}
        if self.settings.retention_policy:
            parameters["rp"] = self.settings.retention_policy
        response = self._post("/query", parameters, data={"q": question})
        try:
            return msgspec.json.Decoder(_Answer).decode_lines(response.content)
        except msgspec.DecodeError as exc:
            message = f"url {self.settings.url!r} does not answer like InfluxDB ({exc}); mend the url"
            raise misconfigured(message) from exc

    def _post(self, path: str, parameters: dict[str, str], **body: Any) -> httpx.Response:
        with translated(self.settings):
            response = self._http.post(path, params=parameters, **body)
        if response.is_success:
            return response
        raise for_status(response.status_code, response.text, response.headers, self.settings)

    @property
    def _bucket(self) -> str:
        return self.settings.bucket if self.settings.generation == 2 else self.settings.database

    @cached_property
    def _client(self) -> Any:
        from influxdb_client.client.influxdb_client import InfluxDBClient

        return InfluxDBClient(
            url=self.settings.url,
            token=self.settings.read_token() or "",
            org=self.settings.org,
            timeout=int(self.settings.timeout * 1000),
        )

    @cached_property
    def _writer(self) -> Any:
        from influxdb_client.client.write_api import SYNCHRONOUS

        # The batching mode drops silently when its retries end; with this one every failure comes back to the pump.
        return self._client.write_api(write_options=SYNCHRONOUS)


def _joined(chunks: list[InfluxSeries]) -> list[InfluxSeries]:
    """The series of an answer that came in chunks. Raises Temporary when a chunk that was announced is missing."""
    whole: list[InfluxSeries] = []
    for chunk in chunks:
        if whole and whole[-1].partial and whole[-1].name == chunk.name:
            whole[-1].values += chunk.values
            whole[-1].partial = chunk.partial
        else:
            whole.append(chunk)
    if broken := [series.name for series in whole if series.partial]:
        raise Temporary(f"InfluxDB broke off its answer about {', '.join(broken)}; ask again, or for less at once")
    return whole


def _headers(settings: InfluxSettings) -> dict[str, str]:
    token = settings.read_token()
    if token:
        return {"Authorization": f"{'Bearer' if settings.generation == 3 else 'Token'} {token}"}
    if settings.username:
        basic = httpx.BasicAuth(settings.username, settings.read_password() or "")
        request = next(basic.auth_flow(httpx.Request("GET", settings.url)))
        return {"Authorization": request.headers["Authorization"]}
    return {}
