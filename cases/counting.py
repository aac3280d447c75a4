"""Which counts a case enters: what of it was due in a period, and what of that was done, and done in time.

A case is due once: at its deadline, or at the moment it was done if that is earlier. So what is due in adjacent periods
adds up to what is due in all of them, and a case that is late stays below the line of the period it was due in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cases.limits import Deadlines, Limit
from cases.method import Method
from cases.recorded import Mark, RecordedCase, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since` (None: from the beginning) up to, not including, `until`, in microseconds; as things stood then."""

    since: int | None
    until: int

    def holds(self, at: int | None) -> bool:
        return at is not None and (self.since is None or at >= self.since) and at < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimits:
    """The limits of the centres' own steps, read; None: there is none."""

    registration: Limit | None
    verification: Limit | None
    dispatch: Limit | None
    check: Limit | None
    closing: Limit

    @classmethod
    def of(cls, method: Method) -> "OwnLimits":
        own = method.limits
        return cls(
            registration=_read(method, own.registration),
            verification=_read(method, own.verification),
            dispatch=_read(method, own.dispatch),
            check=_read(method, own.check),
            closing=method.limit(own.closing),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A step that has to be done: by when, and when it was, as things stood at the end of the period."""

    deadline: int | None
    done: int | None
    is_due: bool

    @property
    def is_done(self) -> bool:
        return self.is_due and self.done is not None

    @property
    def is_in_time(self) -> bool:
        return self.is_due and self.done is not None and (self.deadline is None or self.done <= self.deadline)


NEVER = Duty(deadline=None, done=None, is_due=False)

NEEDS: Mapping[str, tuple[Step | Mark, ...]] = {
    "reports": (Step.REPORTED,),
    "valid_reports": (Step.REPORTED, Mark.VALID),
    "registered_reports": (Step.REPORTED, Step.REGISTERED, Mark.VALID),
    "registrations": (Step.REGISTERED,),
    "registered_in_time": (Step.REPORTED, Step.REGISTERED),
    "verifications_due": (Step.VERIFY_ASKED, Step.VERIFIED),
    "verified_in_time": (Step.VERIFY_ASKED, Step.VERIFIED),
    "dispatches_due": (Step.REGISTERED, Step.DISPATCHED),
    "dispatched_accurately": (Step.REGISTERED, Step.DISPATCHED, Mark.RETURNED),
    "dispatched_in_time": (Step.REGISTERED, Step.DISPATCHED),
    "disposals_due": (Step.DISPATCHED, Step.DISPOSED, Mark.LIMIT),
    "disposed": (Step.DISPATCHED, Step.DISPOSED, Mark.LIMIT),
    "disposed_in_time": (Step.DISPATCHED, Step.DISPOSED, Mark.LIMIT),
    "overdue_pending": (Step.DISPATCHED, Step.DISPOSED, Mark.LIMIT),
    "extended": (Step.DISPATCHED, Step.DISPOSED, Mark.LIMIT, Mark.EXTENSION),
    "checks_due": (Step.DISPOSED, Step.CHECKED),
    "checked_in_time": (Step.DISPOSED, Step.CHECKED),
    "closings_due": (Step.DISPATCHED, Step.CLOSED, Mark.LIMIT),
    "closed": (Step.DISPATCHED, Step.CLOSED, Mark.LIMIT),
    "closed_in_time": (Step.DISPATCHED, Step.CLOSED, Mark.LIMIT),
    "reworked": (Step.DISPATCHED, Step.CLOSED, Mark.LIMIT, Mark.REWORKED),
}
"""What a list has to say before a count means anything."""
NEEDS_LIMIT: Mapping[str, str] = {
    "registered_in_time": "registration",
    "verified_in_time": "verification",
    "dispatched_in_time": "dispatch",
    "checked_in_time": "check",
}
"""Counts "in time" of steps whose limit is a setting."""


def disposal_deadline(case: RecordedCase, deadlines: Deadlines) -> int | None:
    """From the dispatch; None for a case without limit or not dispatched, or whose clock stands still.

    Raises ValueError for limits that do not end within ten years.
    """
    start = case.times.get(Step.DISPATCHED)
    if start is None or case.limit is None:
        return None
    limits = [case.limit] if case.extension is None else [case.limit, case.extension]
    return deadlines.after(start, limits, case.pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Counts the cases of one period. `deadline` of a case is that of its disposal, as `disposal_deadline` gives it."""

    deadlines: Deadlines
    limits: OwnLimits
    period: Period

    def counts(self, case: RecordedCase, deadline: int | None) -> frozenset[str]:
        """The names of all counts that the case enters."""
        return frozenset((*self._filing(case), *self._disposal(case, deadline), *self._closing(case, deadline)))

    def _filing(self, case: RecordedCase) -> Iterator[str]:
        if self.period.holds(case.times.get(Step.REPORTED)):
            yield "reports"
            is_valid, is_registered = case.is_valid is True, self._done(case, Step.REGISTERED) is not None
            yield from ("valid_reports",) * is_valid
            yield from ("registered_reports",) * (is_valid and is_registered)
        registered = case.times.get(Step.REGISTERED)
        if self.period.holds(registered):
            yield "registrations"
            filing = self._duty(case, Step.REPORTED, Step.REGISTERED, self.limits.registration)
            yield from ("registered_in_time",) * filing.is_in_time
        verification = self._duty(case, Step.VERIFY_ASKED, Step.VERIFIED, self.limits.verification)
        yield from ("verifications_due",) * verification.is_due
        yield from ("verified_in_time",) * verification.is_in_time
        dispatch = self._duty(case, Step.REGISTERED, Step.DISPATCHED, self.limits.dispatch)
        yield from ("dispatches_due",) * dispatch.is_due
        yield from ("dispatched_accurately",) * (dispatch.is_done and case.is_returned is False)
        yield from ("dispatched_in_time",) * dispatch.is_in_time

    def _disposal(self, case: RecordedCase, deadline: int | None) -> Iterator[str]:
        disposal = self._by(case, Step.DISPOSED, deadline)
        if disposal.is_due:
            yield "disposals_due"
            yield "disposed" if disposal.is_done else "overdue_pending"
            yield from ("disposed_in_time",) * disposal.is_in_time
            yield from ("extended",) * (case.is_extended is True)
        start = Step.CHECK_ASKED if Step.CHECK_ASKED in case.times else Step.DISPOSED
        check = self._duty(case, start, Step.CHECKED, self.limits.check)
        yield from ("checks_due",) * check.is_due
        yield from ("checked_in_time",) * check.is_in_time

    def _closing(self, case: RecordedCase, deadline: int | None) -> Iterator[str]:
        last = None if deadline is None else self.deadlines.after(deadline, [self.limits.closing])
        closing = self._by(case, Step.CLOSED, last)
        if closing.is_due:
            yield "closings_due"
            yield from ("closed",) * closing.is_done
            yield from ("closed_in_time",) * closing.is_in_time
            yield from ("reworked",) * bool(case.reworks)

    def _by(self, case: RecordedCase, step: Step, deadline: int | None) -> Duty:
        """A step of the unit's clock: it is nobody's duty before the dispatch, nor without a limit."""
        if case.limit is None or Step.DISPATCHED not in case.times:
            return NEVER
        return self._of(case, step, deadline)

    def _duty(self, case: RecordedCase, start: Step, step: Step, limit: Limit | None) -> Duty:
        """A step of a centre. Without a limit it is due at once, and whatever was done was in time."""
        begun = case.times.get(start)
        if begun is None:
            return NEVER
        if limit is None:
            return Duty(deadline=None, done=self._done(case, step), is_due=self.period.holds(begun))
        return self._of(case, step, self.deadlines.after(begun, [limit]))

    def _of(self, case: RecordedCase, step: Step, deadline: int | None) -> Duty:
        done = case.times.get(step)
        known = [at for at in (deadline, done) if at is not None]
        return Duty(
            deadline=deadline,
            done=self._done(case, step),
            is_due=self.period.holds(min(known, default=None)),
        )

    def _done(self, case: RecordedCase, step: Step) -> int | None:
        """When it was done; None for what came after the period."""
        at = case.times.get(step)
        return at if at is not None and at < self.period.until else None


def _read(method: Method, text: str | None) -> Limit | None:
    return None if text is None else method.limit(text)
