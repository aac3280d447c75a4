"""The command line's side of the internal API."""

import json
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from citybrain.edge.address import EngineAddress
from citybrain.edge.batches import batches_of
from domain.errors import Refused, Temporary
from domain.instants import iso
from domain.readings import ReadingBatch
from domain.series import BatchQuery, ReadingQuery

TIMEOUT_S = 10.0
COUNTING_S = 120.0
"""Before the first columns of a month come, a busy engine has to count them."""


class EngineClient:
    """A context manager. Raises Temporary when the engine does not answer, Refused with its words when it refuses."""

    def __init__(self, address: EngineAddress) -> None:
        headers = {"Authorization": f"Bearer {address.token}"}
        self._http = httpx.Client(base_url=address.url, headers=headers, timeout=TIMEOUT_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._http.close()

    def is_ready(self) -> bool:
        try:
            return bool(self.get("/internal/health")["ok"])
        except (Temporary, Refused):
            return False

    def get(self, path: str) -> Mapping[str, Any]:
        return self._ask("GET", path)

    def command(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry a wish to the single writer; its answer."""
        return self._ask("POST", "/internal/commands", json=order)

    def _ask(self, method: str, path: str, **content: Any) -> Mapping[str, Any]:
        try:
            response = self._http.request(method, path, **content)
        except httpx.HTTPError as exc:
            raise Temporary(f"the engine does not answer: {exc}") from exc
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise Temporary(_said(response))
        if response.is_error:
            raise Refused(f"the engine refuses {path}: {response.status_code} {response.text[:200]}")
        found: Mapping[str, Any] = response.json()
        return found

    def readings(self, query: ReadingQuery) -> Iterator[Mapping[str, Any]]:
        """Rows of `citybrain readings --json`."""
        words = {
            "device": ",".join(query.devices),
            "metric": ",".join(query.metrics),
            "start": iso(query.start),
            "end": iso(query.end),
            "limit": str(query.limit),
            "newest_first": "1" if query.newest_first else "",
        }
        try:
            with self._http.stream("GET", "/internal/readings", params=words) as response:
                if response.is_error:
                    raise Refused(f"the engine refuses: {response.status_code} {response.read()[:200]!r}")
                for line in response.iter_lines():
                    yield json.loads(line)
        except httpx.HTTPError as exc:
            raise Temporary(f"the engine does not answer: {exc}") from exc

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]:
        """Whole columns, in order of event time, as domain.ports.SeriesStore gives them."""
        words = {
            "device": ",".join(query.devices),
            "metric": ",".join(query.metrics),
            "start": query.start.isoformat(),
            "end": query.end.isoformat(),
        }
        try:
            with self._http.stream("GET", "/internal/readings/columns", params=words, timeout=COUNTING_S) as response:
                if response.is_error:
                    raise Refused(f"the engine refuses: {response.status_code} {response.read()[:200]!r}")
                yield from batches_of(response.iter_bytes())
        except httpx.HTTPError as exc:
            raise Temporary(f"the engine does not answer: {exc}") from exc


def _said(response: httpx.Response) -> str:
    """The engine's own words, both languages."""
    try:
        error = response.json()["error"]
        return f"{error['zh']} · {error['en']}"
    except (ValueError, KeyError, TypeError):
        return f"the engine answers {response.status_code}: {response.text[:200]}"
