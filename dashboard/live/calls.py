"""One engine's HTTP interface (docs/internal-api.md), with its errors in words of this house."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dashboard.live.events import contents
from domain.errors import Refused, Temporary

Json = dict[str, Any]

SILENCE_S = 15.0
"""The engine sends a comment at least every 10 s; longer silence means that it is gone."""
ANSWER_S = 10.0


class EngineRefused(Refused):
    """The engine's own no, in both languages."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class EngineBusy(Temporary):
    """It is there, but cannot answer this now, or not in time; in both languages."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the engine answers, as it wrote itself into `<data>/engine.json`."""

    url: str
    token: str

    @classmethod
    def read(cls, directory: Path) -> "Address":
        """Raises Temporary while there is none: the engine may be starting."""
        path = directory / "engine.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(url=content["url"], token=content["token"])
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise Temporary(f"no engine in {path}: {exc!r}; is it running?") from exc


class EngineCalls:
    """Requests to one running engine. Every method raises Temporary when it is away, Refused when it says no."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client = httpx.AsyncClient(
            base_url=address.url,
            headers={"Authorization": f"Bearer {address.token}"},
            timeout=httpx.Timeout(ANSWER_S, connect=2.0),
            trust_env=False,  # loopback: a proxy of the environment has no business here
        )

    async def get(self, path: str, **query: str | int | None) -> Json:
        with _translated(self.address.url):
            asked = {name: value for name, value in query.items() if value is not None}
            return _answer(await self._client.get(path, params=asked))

    async def post(self, path: str, content: Mapping[str, Any]) -> Json:
        with _translated(self.address.url):
            return _answer(await self._client.post(path, json=content))

    @asynccontextmanager
    async def pictures(self) -> AsyncIterator[AsyncIterator[Json | None]]:
        """The stream of pictures; None for a sign of life without news."""
        timeout = httpx.Timeout(SILENCE_S, connect=2.0)
        with _translated(self.address.url):
            async with self._client.stream("GET", "/internal/stream", timeout=timeout) as response:
                if response.status_code != httpx.codes.OK:
                    raise Temporary(f"engine at {self.address.url} answers {response.status_code} to its stream")
                yield _decoded(contents(response.aiter_bytes()))

    async def close(self) -> None:
        await self._client.aclose()


async def _decoded(events: AsyncIterator[bytes | None]) -> AsyncIterator[Json | None]:
    async for content in events:
        yield json.loads(content) if content is not None else None


def _answer(response: httpx.Response) -> Json:
    if response.is_success:
        answer: Json = response.json()
        return answer
    try:
        error = response.json()["error"]
        zh, en = str(error["zh"]), str(error["en"])
    except (ValueError, KeyError, TypeError):
        zh = en = f"HTTP {response.status_code}"
    if response.status_code in (400, 404, 409):
        raise EngineRefused(zh=zh, en=en)
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise EngineBusy(zh=zh, en=en)
    raise Temporary(f"engine answers {response.status_code}: {en}")


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.ReadTimeout as exc:
        raise EngineBusy(
            zh="引擎正忙，没有及时作答", en=f"the engine at {url} is busy and did not answer in time"
        ) from exc
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError) as exc:
        raise Temporary(f"engine at {url} is away: {exc!r}") from exc
