"""The single writer: what the journal and the operators say becomes records, each fact in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from cases.errors import CommandRefused, RefusalCode
from cases.lifecycle import Step, acknowledge, apply_transition, retire
from cases.sittings import Sitting
from domain.alerts import Alert
from domain.commands import AcknowledgeAlert, DriveAgain
from domain.conditions import RuleCard, Target, Transition
from domain.errors import Misconfigured, Problem
from domain.ports import Clock, Planner
from domain.settlements import Journalled
from runtime import logs
from store.records.audit import AuditLine
from store.records.quarantine import QuarantineFilter
from store.records.records import Books, Records

CURSOR = "records"
"""The last journal entry that is in the records."""

log = logs.get(__name__)


class AlertService:
    """Ledger, quarantine, alerts, audit and outbox of a journal entry stand together or not at all.

    Whatever it raises (see Records), nothing was recorded and the same call may be made again.
    """

    def __init__(self, records: Records, *, cards: Mapping[str, RuleCard], planner: Planner, clock: Clock) -> None:
        self._records = records
        self._cards = cards
        self._planner = planner
        self._clock = clock

    def recorded_through(self) -> int:
        """The sequence number of the last journal entry that is in the records; 0 for none."""
        with self._records.snapshot() as books:
            return books.cursors.get(CURSOR)

    def sittings(self, *, after: int) -> Mapping[int, int]:
        """Which entries behind that one were judged together: the last of them, by the first."""
        with self._records.snapshot() as books:
            return books.sittings.after(after)

    def record(self, entry: Journalled, transitions: Sequence[Transition]) -> Sequence[Step]:
        """Record one entry that was judged by itself; see `record_many`."""
        return self.record_many([Sitting(entries=[entry], transitions=transitions)])

    def record_many(self, sittings: Iterable[Sitting]) -> Sequence[Step]:
        """Record sittings, in the order of the journal, in one transaction; returns every move that it made.

        Those that are in the records already are skipped wholly, so that a restart records each exactly once.
        """
        with self._records.transaction() as books:
            fresh = _after(books.cursors.get(CURSOR), sittings)
            if not fresh:
                return []
            settlements = [entry.settlement for sitting in fresh for entry in sitting.entries]
            books.ledger.add(line for settlement in settlements for line in settlement.ledger)
            books.quarantine.driven([number for settlement in settlements for number in settlement.redriven])
            books.quarantine.add([bad for settlement in settlements for bad in settlement.quarantined])
            steps = [step for sitting in fresh for t in sitting.transitions for step in self._apply(books, t)]
            for sitting in fresh:
                books.sittings.add(first=sitting.first, last=sitting.last)
            books.cursors.set(CURSOR, fresh[-1].last)
        _tell(steps)
        return steps

    def execute(self, command: AcknowledgeAlert) -> Alert:
        """The alert as the command leaves it. Raises CommandRefused for one that cannot be acknowledged."""
        with self._records.transaction() as books:
            alert = books.alerts.get(command.alert_id)
            if alert is None:
                raise CommandRefused(RefusalCode.UNKNOWN_ALERT, command.alert_id)
            step = acknowledge(alert, command, now=self._clock.now())
            if step is None:
                return alert
            self._save(books, step)
        _tell([step])
        return step[0]

    def drive_again(self, command: DriveAgain) -> int:
        """Mark quarantine entries for the intake; how many were not marked before."""
        which = QuarantineFilter(
            ids=command.ids, reason=command.reason, feed=command.feed, topic=command.topic, since=command.since
        )
        now = self._clock.now()
        with self._records.transaction() as books:
            count = books.quarantine.ask(which, now=now)
            books.audit.add(
                AuditLine(
                    at=now,
                    actor=command.actor,
                    action="quarantine.redrive",
                    subject="quarantine",
                    detail={"entries": count},
                )
            )
        return count

    def retire(self, is_watched: Callable[[str, Target], bool], *, note: str = "") -> Sequence[Step]:
        """Close the open alerts whose rule or target has left the configuration: no reading would ever end them.

        `note` says why, where that is not plain.
        """
        with self._records.transaction() as books:
            left = [alert for alert in books.alerts.every_open() if not is_watched(alert.rule, alert.target)]
            steps = [retire(alert, now=self._clock.now(), note=note) for alert in left]
            for step in steps:
                self._save(books, step)
        _tell(steps)
        return steps

    def _apply(self, books: Books, transition: Transition) -> Sequence[Step]:
        card = self._card(transition.rule)
        alert = books.alerts.open_for(transition.rule, transition.target)
        occurrence = (
            books.alerts.episodes(transition.rule, transition.target, opened_at=transition.since)
            if alert is None
            else 0
        )
        steps = apply_transition(alert, transition, card, now=self._clock.now(), occurrence=occurrence)
        for step in steps:
            self._save(books, step)
        return steps

    def _save(self, books: Books, step: Step) -> None:
        alert, transition = step
        books.alerts.save(alert, transition)
        books.audit.add(_audit_line(step))
        for notice in self._planner(alert, transition):
            books.outbox.add(notice)

    def _card(self, rule: str) -> RuleCard:
        if rule not in self._cards:
            message = f"no card for rule {rule!r}; the rules and the alert service must be given the same rule files"
            raise Misconfigured([Problem(file="rules", line=None, message=message)])
        return self._cards[rule]


def _after(sequence: int, sittings: Iterable[Sitting]) -> Sequence[Sitting]:
    """Those the records do not hold yet. A gap is told: what it held is in no ledger."""
    fresh = [sitting for sitting in sittings if sitting.last > sequence]
    if fresh and fresh[0].first > sequence + 1:
        log.error("journal entries missing", after=sequence, next=fresh[0].first)
    return fresh


def _audit_line(step: Step) -> AuditLine:
    alert, transition = step
    return AuditLine(
        at=transition.recorded_at,
        actor=transition.actor,
        action=f"alert.{transition.move}",
        subject=f"alert:{alert.id}",
        detail={
            "rule": alert.rule,
            "target": str(alert.target),
            "sequence": transition.sequence,
            "from": transition.from_state,
            "to": transition.to_state,
            "note": transition.note,
        },
    )


def _tell(steps: Sequence[Step]) -> None:
    for alert, transition in steps:
        log.info(
            "alert moved",
            alert=alert.id,
            rule=alert.rule,
            target=str(alert.target),
            move=transition.move.value,
            state=alert.state.value,
            actor=transition.actor,
        )
