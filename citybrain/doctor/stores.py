"""Journal, records and series: from the running engine, or from the files when none runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from citybrain.doctor.findings import Finding, Level, Section
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.engine.dropped import JOURNAL_DROPPED
from citybrain.settings import Settings
from config.catalogue import SHIPPED, load_catalogue
from domain.errors import CitybrainError
from domain.instants import EPOCH, iso
from domain.ledger import Tally
from domain.series import ReadingQuery
from store.records.records import Books, Records
from store.series.opening import open_series_store

ANY_READING = ReadingQuery(start=EPOCH, end=EPOCH.replace(year=2100), limit=1, newest_first=True)
BEHIND_ENTRIES = 1_000
"""Journal entries that the series store may lag behind before it is worth a word."""


def examine_stores(settings: Settings) -> Sequence[Finding]:
    return [*_series(settings), *_records(settings)]


def _series(settings: Settings) -> Sequence[Finding]:
    statistics = _statistics(settings)
    if statistics is not None:
        return [_as_the_engine_sees_it(statistics)]
    findings = [_note("引擎未运行，直接检查存储", "no engine runs; the stores are looked at directly")]
    try:
        catalogue, _ = load_catalogue(settings.catalogue or SHIPPED)
        store = open_series_store(settings.series, settings.data, catalogue)
        try:
            through = store.stored_through()
            newest = list(store.readings(ANY_READING))
        finally:
            store.close()
    except CitybrainError as exc:
        return [*findings, _bad(f"时序库不可用：{exc}", f"the series store cannot be used: {exc}")]
    kind, since = settings.series.kind, iso(newest[0].at) if newest else "–"
    zh = f"时序库 {kind} 可用，已存至日志第 {through} 条，最新读数 {since}"
    en = f"series store {kind} answers; it holds the journal up to entry {through}, newest reading {since}"
    return [*findings, _ok(zh, en)]


def _statistics(settings: Settings) -> Mapping[str, Any] | None:
    address = EngineAddress.read(settings.data)
    if address is None or not address.is_running:
        return None
    try:
        with EngineClient(address) as engine:
            return engine.get("/internal/statistics")
    except CitybrainError:
        return None  # the number of a dead engine may belong to a stranger by now


def _as_the_engine_sees_it(statistics: Mapping[str, Any]) -> Finding:
    series, journal = statistics["series"], statistics["journal"]
    behind = f"{series['behind_entries']}"
    if not series["ok"]:
        return _bad(
            f"时序库不可用：{series['error']}；日志替它保管 {behind} 条",
            f"the series store is away: {series['error']}; the journal keeps {behind} entries for it",
        )
    if series["behind_entries"] > BEHIND_ENTRIES:
        return _note(f"时序库落后 {behind} 条，正在追赶", f"the series store is {behind} entries behind, catching up")
    return _ok(
        f"引擎运行中，日志 {journal['last']} 条，时序库落后 {behind} 条",
        f"the engine runs; {journal['last']} journal entries, the series store is {behind} behind",
    )


def _records(settings: Settings) -> Sequence[Finding]:
    url = settings.records.url_in(settings.data)
    if settings.records.url is None and not (settings.data / "records.db").is_file():
        return [_note("尚无业务库：从未运行过", "no records yet: nothing was ever run here")]
    try:
        records = Records.open(url, settings=settings.records, upgrade=False)
        try:
            with records.snapshot() as books:
                return [_balance(books), *_quarantine(books), *_dropped(books)]
        finally:
            records.close()
    except CitybrainError as exc:
        return [_bad(f"业务库不可用：{exc}", f"the records cannot be used: {exc}")]


def _balance(books: Books) -> Finding:
    tallies = books.ledger.totals().values()
    messages = sum((messages for messages, _ in tallies), Tally())
    readings = sum((readings for _, readings in tallies), Tally())
    if messages.imbalance or readings.imbalance:
        return _bad(
            f"账本不平：报文差 {messages.imbalance}，读数差 {readings.imbalance}；请报告此缺陷",
            f"the ledger is out by {messages.imbalance} messages, {readings.imbalance} readings; report this bug",
        )
    return _ok(
        f"账本平衡：报文 {messages.received}，读数 {readings.received}",
        f"the ledger balances: {messages.received} messages, {readings.received} readings",
    )


def _quarantine(books: Books) -> Sequence[Finding]:
    counts = books.quarantine.counts()
    if not counts:
        return [_ok("隔离区为空", "the quarantine is empty")]
    words = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    gone = books.quarantine.dropped()
    more_zh, more_en = (f"；超限丢弃 {gone}", f"; {gone} dropped by its bounds") if gone else ("", "")
    return [
        Finding(
            section=Section.STORES,
            level=Level.NOTE,
            zh=f"隔离区 {sum(counts.values())} 条（{words}）{more_zh}",
            en=f"{sum(counts.values())} entries in quarantine ({words}){more_en}",
            advice_zh="citybrain quarantine 查看原因，修正后 redrive",
            advice_en="`citybrain quarantine` tells why; mend it, then redrive",
        )
    ]


def _dropped(books: Books) -> Sequence[Finding]:
    count = books.cursors.get(JOURNAL_DROPPED)
    words = (f"日志超限，丢弃了 {count} 个未入库读数", f"{count} readings dropped by the journal's limit, never stored")
    return [_bad(*words)] if count else []


def _ok(zh: str, en: str) -> Finding:
    return Finding(section=Section.STORES, level=Level.OK, zh=zh, en=en)


def _note(zh: str, en: str) -> Finding:
    return Finding(section=Section.STORES, level=Level.NOTE, zh=zh, en=en)


def _bad(zh: str, en: str) -> Finding:
    return Finding(section=Section.STORES, level=Level.BAD, zh=zh, en=en)
