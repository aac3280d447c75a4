"""What people were really told: the alerts in the records, as episodes."""

from collections.abc import Iterator, Sequence

from citybrain.backtest.subject import Period
from citybrain.settings import Settings
from domain.alerts import Alert, AlertMove, AlertTransition
from domain.instants import to_micros
from rules.entries import MetricEntry, RuleEntry
from rules.history.episodes import Episode
from rules.loading import RuleSet
from store.records.alerts import AlertRecords
from store.records.records import Books

PAGE = 500
_BEGINS = frozenset({AlertMove.HOLD, AlertMove.VIOLATE_AGAIN})
_ENDS = frozenset({AlertMove.RETURN, AlertMove.RETURN_AND_CLOSE, AlertMove.RETIRE})


def is_recorded(settings: Settings) -> bool:
    """Whether there are records at all: of a database server we find out when we ask it."""
    return settings.records.url is not None or (settings.data / "records.db").is_file()


def has_same_subject(rule_id: str, installed: RuleSet, tried: RuleSet) -> bool:
    """Whether any of the tried rules looks at what the installed one looks at: its metric, or, without one, its kind.

    A rule that is no longer installed may have looked at anything: yes.
    """
    subjects = {_subject(rule.entry) for rule in tried.rules}
    entry = next((rule.entry for rule in installed.rules if rule.entry.id == rule_id), None)
    return entry is None or _subject(entry) in subjects


def recorded_episodes(books: Books, period: Period) -> Sequence[Episode]:
    """Every activation within the period, in order of time; an alert that came back counts again."""
    found = [
        episode
        for alert in _alerts(books.alerts)
        if not _is_before(alert, period)
        for episode in episodes_of(alert, books.alerts.transitions(alert.id))
    ]
    return sorted(
        (episode for episode in found if period.start <= episode.held < period.end), key=lambda episode: episode.held
    )


def episodes_of(alert: Alert, history: Sequence[AlertTransition]) -> Iterator[Episode]:
    """From the moves of one alert."""
    held: AlertTransition | None = None
    since = to_micros(alert.opened_at)
    for move in history:
        if held is None and move.move in _BEGINS:
            held = move
            since = since if move.move is AlertMove.HOLD else to_micros(move.at)
        elif held is not None and move.move in _ENDS:
            yield _episode(alert, held, since, to_micros(move.at))
            held = None
    if held is not None:
        yield _episode(alert, held, since, None)


def _subject(entry: RuleEntry) -> str:
    return entry.metric if isinstance(entry, MetricEntry) else entry.kind


def _episode(alert: Alert, held: AlertTransition, since: int, ended: int | None) -> Episode:
    return Episode(
        rule=alert.rule,
        target=alert.target,
        since=since,
        held=to_micros(held.at),
        ended=ended,
        evidence=held.evidence,
    )


def _alerts(records: AlertRecords) -> Iterator[Alert]:
    after = None
    while True:
        page = records.list(open_only=False, limit=PAGE, after=after)
        yield from page.alerts
        if (after := page.next) is None:
            return


def _is_before(alert: Alert, period: Period) -> bool:
    return to_micros(alert.changed_at) < period.start or to_micros(alert.opened_at) >= period.end
