"""Alerts on file: one open per rule and target whoever writes, history without holes, pages without gaps."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.alerts import Alert, AlertMove, AlertState
from domain.conditions import Evidence
from domain.errors import Refused
from domain.readings import Quality, Reading
from store.records.errors import Conflict
from store.records.records import Records
from tests.records.samples import CLAUSE, METER, NOON, alert_of, evidence_of, seconds, transition_of


def put(records: Records, *alerts: Alert) -> None:
    with records.transaction() as books:
        for alert in alerts:
            books.alerts.save(alert, transition_of(alert))


def test_alert_comes_back_as_it_was_saved(records: Records) -> None:
    alert = alert_of(active_at=seconds(60.000001), acknowledged_by="王工", acknowledged_at=seconds(90))
    put(records, alert)
    with records.snapshot() as books:
        assert books.alerts.get("a1") == alert


def test_history_comes_back_in_order(records: Records) -> None:
    pending = alert_of()
    active = replace(pending, state=AlertState.ACTIVE, sequence=2, changed_at=seconds(60))
    put(records, pending, active)
    with records.snapshot() as books:
        assert books.alerts.transitions("a1") == [transition_of(pending), transition_of(active)]


def test_open_alert_is_found_by_rule_and_target(records: Records) -> None:
    put(records, alert_of("old", state=AlertState.CLOSED), alert_of("new"), alert_of("other", rule="noise-peak"))
    with records.snapshot() as books:
        found = books.alerts.open_for("noise-zone", METER)
    assert found is not None and found.id == "new"


def test_second_open_alert_of_a_rule_on_a_target_is_a_conflict(records: Records) -> None:
    put(records, alert_of("a1"))
    with pytest.raises(Conflict):
        put(records, alert_of("a2"))


def test_of_many_writers_at_once_exactly_one_opens_the_alert(url: str, records: Records) -> None:
    start = Barrier(8)

    def race(number: int) -> bool:
        start.wait()
        try:
            put(records, alert_of(f"a{number}"))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(race, range(8)))
    with records.snapshot() as books:
        on_file = books.alerts.list(open_only=True, limit=10).alerts
    assert (outcomes.count(True), len(on_file)) == (1, 1)


def test_two_writers_that_read_the_same_state_cannot_both_move_it(records: Records) -> None:
    pending = alert_of()
    put(records, pending)
    active = replace(pending, state=AlertState.ACTIVE, sequence=2)
    put(records, active)
    with pytest.raises(Conflict, match="not at move 1"):
        put(records, active)


def test_transaction_that_raises_leaves_nothing(records: Records) -> None:
    with pytest.raises(KeyError), records.transaction() as books:
        books.alerts.save(alert_of(), transition_of(alert_of()))
        raise KeyError("the process dies here")
    with records.snapshot() as books:
        assert books.alerts.list(open_only=False, limit=10).alerts == []


def test_pages_hold_every_alert_once_newest_first(records: Records) -> None:
    alerts = [alert_of(f"a{n}", rule=f"rule-{n}", opened_at=seconds(n // 3)) for n in range(11)]
    put(records, *alerts)
    seen: list[str] = []
    after: str | None = None
    with records.snapshot() as books:
        while True:
            page = books.alerts.list(open_only=False, limit=4, after=after)
            seen += [alert.id for alert in page.alerts]
            after = page.next
            if after is None:
                break
    assert seen == [alert.id for alert in sorted(alerts, key=lambda a: (a.opened_at, a.id), reverse=True)]


def test_list_of_open_alerts_leaves_out_the_closed_ones(records: Records) -> None:
    put(records, alert_of("done", state=AlertState.CLOSED), alert_of("open"))
    with records.snapshot() as books:
        page = books.alerts.list(open_only=True, limit=10)
    assert ([alert.id for alert in page.alerts], page.next) == (["open"], None)


def test_every_open_alert_includes_the_pending_ones(records: Records) -> None:
    put(records, alert_of("done", state=AlertState.CLOSED), alert_of("open"))
    with records.snapshot() as books:
        assert [alert.id for alert in books.alerts.every_open()] == ["open"]


def test_counts_hold_what_was_told_and_what_returned_after_it(records: Records) -> None:
    told, never_told = alert_of("told", state=AlertState.CLOSED), alert_of("never", state=AlertState.CLOSED)
    back = {"move": AlertMove.RETURN, "to_state": AlertState.CLOSED}
    with records.transaction() as books:
        for alert in (told, never_told):
            books.alerts.save(alert, transition_of(alert))
        hold, end = replace(told, sequence=2), replace(told, sequence=3)
        books.alerts.save(hold, transition_of(hold))
        books.alerts.save(end, transition_of(end, from_state=AlertState.ACTIVE, **back))
        quiet = replace(never_told, sequence=2)
        books.alerts.save(quiet, transition_of(quiet, from_state=AlertState.PENDING, **back))
    with records.snapshot() as books:
        counts = books.alerts.counts()
    assert (counts.opened, counts.resolved) == (1, 1)


def test_invented_page_cursor_is_refused(records: Records) -> None:
    with records.snapshot() as books, pytest.raises(Refused, match="yesterday"):
        books.alerts.list(open_only=True, limit=10, after="yesterday")


def test_episodes_counts_alerts_that_began_at_the_same_time(records: Records) -> None:
    put(records, alert_of("a1", state=AlertState.CLOSED), alert_of("a2", opened_at=seconds(1)))
    with records.snapshot() as books:
        assert books.alerts.episodes("noise-zone", METER, opened_at=NOON) == 1


numbers = st.floats(allow_nan=False, allow_infinity=False)
readings = st.builds(
    Reading,
    device=st.text(max_size=5),
    metric=st.just("laeq"),
    at=st.integers(0, 10**10).map(lambda micros: seconds(micros / 10**6)),
    value=numbers,
    quality=st.sampled_from(Quality),
    span_s=numbers,
)
evidences = st.builds(
    Evidence,
    value=st.none() | numbers,
    limit=st.none() | numbers,
    comparison=st.sampled_from(["<", "<=", ">=", ">", "="]),
    unit=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5),
    clause=st.just(CLAUSE),
    readings=st.lists(readings, max_size=3).map(tuple),
    figures=st.dictionaries(st.sampled_from(["lit", "due"]), numbers | st.text(max_size=3), max_size=2),
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(evidence=evidences)
def test_any_evidence_comes_back_equal(records: Records, evidence: Evidence) -> None:
    alert = alert_of(evidence=evidence)
    with records.transaction() as books:
        number = books.cursors.get("examples") + 1
        books.cursors.set("examples", number)
        alert = replace(alert, id=str(number), rule=str(number))
        books.alerts.save(alert, transition_of(alert))
    with records.snapshot() as books:
        found = books.alerts.get(alert.id)
    assert found is not None and found.evidence == evidence


def test_figure_that_is_no_number_is_kept_as_its_word(records: Records) -> None:
    put(records, alert_of(evidence=evidence_of(figures={"rate": float("nan")})))
    with records.snapshot() as books:
        found = books.alerts.get("a1")
    assert found is not None and found.evidence.figures == {"rate": "nan"}
