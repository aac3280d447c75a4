"""What is sent to InfluxDB servers of each generation, and what their answers and failures become."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import influxdb_client.rest
import numpy as np
import pytest
import urllib3.exceptions
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CitybrainError, Misconfigured, Refused, Temporary
from domain.instants import from_micros
from domain.readings import Quality, Reading, ReadingBatch, Vocabulary, batch_of
from domain.series import ReadingQuery
from store.series import influxql
from store.series.batching import batch_of_rows
from store.series.cursor_file import CursorFile
from store.series.influx_errors import translated
from store.series.influx_server import InfluxServer
from store.series.line_protocol import escaped, lines
from store.settings import InfluxSettings
from tests.store.series_stores import CATALOGUE, influx_on
from tests.store.settlements import NOON
from tests.store.strategies import batches

ONE = InfluxSettings(generation=1, url="http://influx.test:8086", database="city")


def one_reading(value: float = 58.4) -> ReadingBatch:
    words = Vocabulary(devices=["NM-0012"], metrics=["laeq"])
    return batch_of(words, device=[0], metric=[0], at=[1763000000000000], value=[value], span=[60])


def answering(status: int, text: str = "{}", headers: dict[str, str] | None = None) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(status, text=text, headers=headers))


def test_a_line_reads_as_documented() -> None:
    line = b"laeq,device=NM-0012 value=58.4,span=60.0,quality=0i,live=t,received=1763000000000000i 1763000000000000\n"
    assert lines(one_reading()) == line


@given(batches())
def test_lines_say_the_same_as_the_columns_or_are_refused(batch: ReadingBatch) -> None:
    try:
        written = lines(batch).decode()
    except Refused:
        unwritable = re.compile(r"[\x00-\x1f\x7f]|\\$")
        names = [batch.vocabulary.devices[n] for n in batch.device] + [
            batch.vocabulary.metrics[n] for n in batch.metric
        ]
        assert (
            not np.isfinite(batch.value).all()
            or not np.isfinite(batch.span).all()
            or any(unwritable.search(name) for name in names)
        )
        return
    columns = (batch.value.tolist(), batch.span.tolist(), batch.quality.tolist(), batch.at.tolist())
    devices = [batch.vocabulary.devices[ordinal] for ordinal in batch.device]
    metrics = [batch.vocabulary.metrics[ordinal] for ordinal in batch.metric]
    expected = list(zip(metrics, devices, *columns, strict=True))
    assert [parsed(line) for line in written.split("\n")[:-1]] == expected


def parsed(line: str) -> tuple[str, str, float, float, int, int]:
    """One line by the rules of the protocol: split at unescaped commas, spaces and equals signs."""
    series, fields, at = re.split(r"(?<!\\) ", line)
    measurement, tag = re.split(r"(?<!\\),", series)
    value = dict(field.split("=") for field in fields.split(","))
    plain = [re.sub(r"\\([,= ])", r"\1", part) for part in (measurement, tag.removeprefix("device="))]
    return plain[0], plain[1], float(value["value"]), float(value["span"]), int(value["quality"][:-1]), int(at)


@pytest.mark.parametrize("name", ["", "two\nlines", "ends\\", "bell\a"])
def test_names_that_cannot_be_escaped_are_refused(name: str) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        escaped(name)


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(Refused, match="1 of 1"):
        lines(one_reading(float("nan")))


@given(st.text())
def test_no_name_breaks_out_of_its_quotes(name: str) -> None:
    for quoted, quote in ((influxql.identifier(name), '"'), (influxql.text(name), "'")):
        assert re.fullmatch(rf"{quote}(?:[^{quote}\\\n]|\\[\\{quote}])*{quote}", quoted, flags=re.S)


class Recorder:
    """A real HTTP server on loopback that keeps what it is sent; influxdb-client cannot be given a transport."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, list[str]], str, bytes]] = []
        self.status = 204
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                recorder.requests.append((url.path, parse_qs(url.query), self.headers["Authorization"], body))
                self.send_response(recorder.status)
                self.send_header("Retry-After", "7")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    server = Recorder()
    yield server
    server.close()


def settings_of(generation: int, url: str) -> InfluxSettings:
    return InfluxSettings.model_validate(
        {"generation": generation, "url": url, "token": "s3cret", "org": "o", "bucket": "b", "database": "d"}
    )


@pytest.mark.parametrize(("generation", "bucket"), [(2, "b"), (3, "d")])
def test_generations_2_and_3_are_written_to_over_the_v2_api(recorder: Recorder, generation: int, bucket: str) -> None:
    server = InfluxServer(settings_of(generation, recorder.url))
    server.write(lines(one_reading()))
    server.close()
    path, query, authorization, body = recorder.requests[0]
    assert (path, query["bucket"], query["precision"]) == ("/api/v2/write", [bucket], ["us"])
    assert (authorization, body) == ("Token s3cret", lines(one_reading()))


def test_a_busy_server_of_generation_2_says_when_to_come_back(recorder: Recorder) -> None:
    recorder.status = 429
    server = InfluxServer(settings_of(2, recorder.url))
    with pytest.raises(Temporary) as caught:
        server.write(lines(one_reading()))
    server.close()
    assert caught.value.retry_after_s == 7


def test_generation_2_deletes_by_measurement(recorder: Recorder, tmp_path: Path) -> None:
    server = InfluxServer(settings_of(2, recorder.url))
    influx_on(server, tmp_path).delete_before(NOON)
    server.close()
    path, query, _, body = recorder.requests[0]
    assert (path, query["bucket"], len(recorder.requests)) == ("/api/v2/delete", ["b"], len(CATALOGUE.codes))
    assert b'_measurement=\\"laeq\\"' in body and b"11:59:59.999999" in body


def test_generation_3_is_told_to_keep_a_retention_period(tmp_path: Path) -> None:
    server = InfluxServer(settings_of(3, "http://influx.test:8181"))
    with pytest.raises(Refused, match="retention-period"):
        influx_on(server, tmp_path).delete_before(NOON)


@pytest.mark.parametrize(("generation", "scheme"), [(1, "Token"), (2, "Token"), (3, "Bearer")])
def test_every_generation_is_asked_in_influxql(generation: int, scheme: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, text='{"results": [{}]}')

    settings = settings_of(generation, "http://influx.test:8086")
    InfluxServer(settings, httpx.MockTransport(answer)).ask("SELECT 1")
    assert dict(asked[0].url.params) == {"db": "d", "epoch": "u", "chunked": "true"}
    assert (asked[0].headers["Authorization"], asked[0].content) == (f"{scheme} s3cret", b"q=SELECT+1")


def test_user_and_password_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame\n")
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(204)

    settings = ONE.model_copy(update={"username": "ali", "password_file": tmp_path / "password"})
    InfluxServer(settings, httpx.MockTransport(answer)).write(b"")
    assert asked[0].headers["Authorization"] == "Basic YWxpOm9wZW4gc2VzYW1l"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
def test_a_server_in_trouble_is_temporary(status: int) -> None:
    with pytest.raises(Temporary) as caught:
        InfluxServer(ONE, answering(status, headers={"Retry-After": "11"})).write(b"")
    assert caught.value.retry_after_s == 11


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("generation", [1, 2, 3])
def test_rights_and_names_are_for_the_operator_who_is_told_what_to_do(status: int, generation: int) -> None:
    settings = settings_of(generation, "http://influx.test:8086")
    with pytest.raises(Misconfigured, match=r"set (username|token_file)|create it"):
        InfluxServer(settings, answering(status, "no")).ask("SELECT 1")


def test_lines_that_the_server_refuses_come_back_in_its_own_words() -> None:
    with pytest.raises(Refused, match="field type conflict"):
        InfluxServer(ONE, answering(400, '{"error":"partial write: field type conflict dropped=1"}')).write(b"")


def test_a_question_that_the_server_refuses_comes_back_in_its_own_words() -> None:
    with pytest.raises(Refused, match="max-select-point"):
        InfluxServer(ONE, answering(200, '{"results":[{"error":"max-select-point exceeded"}]}')).ask("SELECT 1")


def test_an_answer_that_was_cut_short_is_not_taken_for_whole() -> None:
    cut = '{"results":[{"series":[{"name":"laeq","columns":[],"values":[],"partial":true}]}]}'
    with pytest.raises(Temporary, match="broke off"):
        InfluxServer(ONE, answering(200, cut)).ask("SELECT 1")


def test_something_else_behind_the_url_is_for_the_operator() -> None:
    with pytest.raises(Misconfigured, match="does not answer like InfluxDB"):
        InfluxServer(ONE, answering(200, "<html>Hello</html>")).ask("SELECT 1")


def test_secrets_are_not_printed() -> None:
    assert "s3cret" not in repr(settings_of(2, "http://influx.test"))


def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for below in kind.__subclasses__():
        yield from leaves(below)


@pytest.mark.parametrize(
    "kind",
    [
        *leaves(httpx.HTTPError),
        *leaves(httpx.StreamError),
        httpx.InvalidURL,
        httpx.CookieConflict,
        *leaves(urllib3.exceptions.HTTPError),
        *leaves(influxdb_client.rest.ApiException),
        ConnectionResetError,
        TimeoutError,
    ],
    ids=lambda kind: kind.__name__,
)
def test_no_exception_of_theirs_leaves_the_adapter(kind: type[Exception]) -> None:
    words = {"__init__": lambda _: None, "__str__": lambda _: "as it may say"}
    answer = {"status": 500, "body": "", "reason": "", "headers": {}}
    theirs = type(kind.__name__, (kind,), words | answer)()
    with pytest.raises(CitybrainError), translated(ONE):
        raise theirs


def test_the_cursor_survives_and_another_target_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "influxdb.cursor"
    CursorFile(path, target="a").advance(41)
    assert (CursorFile(path, target="a").through, CursorFile(path, target="b").through) == (41, 0)


@pytest.mark.parametrize("content", ["", "42", '{"through": "x", "target": "a"}', "\0\0\0"])
def test_a_broken_cursor_is_told_and_not_guessed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "influxdb.cursor"
    path.write_text(content)
    with pytest.raises(Misconfigured, match="delete it"):
        CursorFile(path, target="a")


def test_the_cursor_stays_when_the_server_was_away(tmp_path: Path) -> None:
    store = influx_on(InfluxServer(ONE, answering(503)), tmp_path)
    with pytest.raises(Temporary):
        store.write(one_reading(), through=1)
    assert store.stored_through() == 0


def test_rows_of_strangers_without_our_fields_are_left_out(tmp_path: Path) -> None:
    rows = '[[1763000000000000,null,null,null,null,"x"],[1763000000000000,5,null,null,null,null]]'
    series = f'{{"name":"laeq","columns":["time","value","span","quality","live","device"],"values":{rows}}}'
    server = InfluxServer(ONE, answering(200, f'{{"results":[{{"series":[{series}]}}]}}'))
    store = influx_on(server, tmp_path)
    found = list(store.readings(ReadingQuery(start=NOON - timedelta(days=999), end=NOON)))
    assert [(one.value, one.device, one.live) for one in found] == [(5.0, "", True)]


def test_rows_without_arrival_and_without_mark_are_live_and_came_in_time() -> None:
    at = 1763000000000000
    found = batch_of_rows(
        {
            "temperature": [[at + 1, 20.5, 60.0, 1, False, at + 7, "B"], [at + 2, None, 60.0, 0, True, at, "B"]],
            "laeq": [[at, 5, None, None, None, None, None]],
        }
    )
    assert found is not None
    assert list(found.rows()) == [
        Reading(device="", metric="laeq", at=from_micros(at), value=5.0),
        Reading(
            device="B",
            metric="temperature",
            at=from_micros(at + 1),
            value=20.5,
            quality=Quality.UNCERTAIN,
            span_s=60.0,
            live=False,
        ),
    ]
    assert found.received.tolist() == [at, at + 7]
    assert batch_of_rows({"laeq": [[at, None, None, None, None, None, "x"]]}) is None
