"""The rules' memory beside the records, and by which rules it was made: who means something else starts fresh."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from cases.service import CURSOR
from citybrain.engine.judging import RuleDesk
from domain.errors import Refused
from rules.fingerprints import without
from rules.program import Program
from rules.snapshots import load
from runtime import logs
from runtime.memory import give_back
from store.records.records import Records

_log = logs.get(__name__)


class _Envelope(msgspec.Struct, frozen=True):
    """A snapshot with the fingerprint of every rule that it may be given to."""

    meanings: dict[str, str]
    state: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Rules by what became of their meaning."""

    kept: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @classmethod
    def between(cls, before: Mapping[str, str], after: Mapping[str, str]) -> "Change":
        both = before.keys() & after.keys()
        kept = frozenset(rule for rule in both if before[rule] == after[rule])
        return cls(
            kept=kept,
            changed=frozenset(both - kept),
            added=frozenset(after.keys() - before.keys()),
            removed=frozenset(before.keys() - after.keys()),
        )

    @property
    def fresh(self) -> frozenset[str]:
        """Those that have no memory of their own."""
        return self.changed | self.added


class RuleMemory:
    """Writes and reads the state of one desk. One thread."""

    def __init__(self, records: Records, desk: RuleDesk, meanings: Mapping[str, str]) -> None:
        self._records = records
        self._desk = desk
        self.meanings = meanings
        self.change = Change(kept=frozenset(meanings))
        """Since the snapshot was made, until `start_afresh`."""

    def take_up(self) -> int | None:
        """The journal entry that the desk stands at by the last snapshot; None without one that can be used."""
        with self._records.snapshot() as books:
            found = books.rule_state.load()
        if found is None:
            return None
        sequence, content = found
        try:
            envelope = msgspec.msgpack.decode(content, type=_Envelope)
            self.change = Change.between(envelope.meanings, self.meanings)
            # what a rule of another meaning, perhaps of another kind, has left may be nonsense to this one
            self._desk.load(without(envelope.state, self.change.fresh))
        except (Refused, msgspec.MsgspecError) as exc:
            # after an upgrade: then the journal alone has to tell the rules
            _log.warning("rules start from the journal, their snapshot is of another version", reason=str(exc))
            return None
        return sequence

    def start_afresh(self) -> None:
        """Forget what rules have heard that mean something else than those that were at work when it was recorded."""
        if self.change.fresh:
            self._desk.load(without(self._desk.dump(), self.change.fresh))
        self.change = Change(kept=frozenset(self.meanings))

    def exchange(self, program: Program, meanings: Mapping[str, str]) -> None:
        """Go on with other rules: those of the same meaning keep what they remember, the others start fresh."""
        state = load(without(self._desk.dump(), Change.between(self.meanings, meanings).fresh), program)
        self._desk.program, self._desk.state, self.meanings = program, state, meanings

    def save(self, sequence: int) -> bool:
        """Write it, unless the records are not as far. Raises Temporary."""
        # a rule that still has to start afresh is not vouched for
        vouched = {rule: meaning for rule, meaning in self.meanings.items() if rule not in self.change.fresh}
        with self._records.transaction() as books:
            if books.cursors.get(CURSOR) < sequence:
                return False
            books.rule_state.save(
                sequence, msgspec.msgpack.encode(_Envelope(meanings=vouched, state=self._desk.dump()))
            )
            books.sittings.forget(through=sequence)
        give_back()  # a snapshot of 50,000 devices leaves 20 MB behind
        return True
