"""Reads the rule files anew while the engine runs: all problems and no change, or new rules from the next entry on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from citybrain.assembly import Installation
from citybrain.engine.memory import Change
from citybrain.engine.wishes import Ruling, Wishes
from citybrain.settings import load_settings, zone_of
from domain.devices import Registry
from domain.errors import Problem
from domain.ports import Clock
from domain.readings import Vocabulary
from rules.advice import refuse_vain_lateness, warnings_of
from rules.engine import compile_rules
from rules.fingerprints import fingerprints
from rules.loading import RuleSet, load_rules
from rules.program import Lateness, Program
from rules.settings import RulesSettings
from runtime import logs
from store.records.audit import AuditLine
from store.records.records import Records

WITHIN_S = 8.0
"""The command line waits for ten."""

_log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What a reload came to."""

    change: Change
    closed: int
    warnings: Sequence[Problem]

    def as_json(self) -> dict[str, Any]:
        """As docs/internal-api.md spells it."""
        return {
            **{name: sorted(getattr(self.change, name)) for name in ("kept", "changed", "added", "removed")},
            "closed": self.closed,
            "warnings": [str(warning) for warning in self.warnings],
        }


def compiled(ruleset: RuleSet, settings: RulesSettings, registry: Registry, vocabulary: Vocabulary) -> Program:
    """As the settings have it. Raises Misconfigured for scopes that the city does not have."""
    return compile_rules(
        ruleset,
        registry,
        vocabulary,
        settle_s=settings.settle,
        blind_after_s=settings.blind_after,
        late=Lateness(allowed_s=settings.lateness, lag_limit_s=settings.lag_limit),
    )


def tell_doubts(installation: Installation, clock: Clock) -> Sequence[Problem]:
    """Log that something in the rules may not be meant, in one line; `citybrain rules check` says all of it."""
    today = clock.now().astimezone(zone_of(installation.registry.city.timezone)).date()
    doubts = warnings_of(installation.ruleset, installation.registry, on=today)
    if doubts:
        _log.warning("rules may not do what is meant, see citybrain rules check", all=len(doubts), first=str(doubts[0]))
    return doubts


class RuleReload:
    """Over one installation. From any thread: the thread that judges takes the new rules between two entries."""

    def __init__(
        self, installation: Installation, *, vocabulary: Vocabulary, wishes: Wishes, records: Records, clock: Clock
    ) -> None:
        self._installation = installation
        self._vocabulary = vocabulary
        self._wishes = wishes
        self._records = records
        self._clock = clock
        self.ruleset = installation.ruleset
        """The rules that judge now."""

    def carry_out(self, *, actor: str) -> Reloaded:
        """Take the files that the settings name now; registry and catalogue stay as they were at the start.

        Raises Misconfigured with every problem, or Temporary: then the old rules go on.
        """
        settings = self._settings()
        ruleset = load_rules(
            settings.files,
            catalogue=self._installation.catalogue,
            kinds=self._installation.registry.kinds,
            limits=settings.limits,
        )
        refuse_vain_lateness(ruleset, reach_s=self._installation.settings.ingest.reach_s)
        change, moves = self._wishes.ask(self._ruling(ruleset, settings), within_s=WITHIN_S)
        self.ruleset = ruleset
        self._note(actor, change, closed=len(moves))
        warnings = tell_doubts(replace(self._installation, ruleset=ruleset), self._clock)
        return Reloaded(change=change, closed=len(moves), warnings=warnings)

    def _settings(self) -> RulesSettings:
        """The settings file may name other rule files by now."""
        file = self._installation.file
        return load_settings(file).rules if file else self._installation.settings.rules

    def _ruling(self, ruleset: RuleSet, settings: RulesSettings) -> Ruling:
        program = compiled(ruleset, settings, self._installation.registry, self._vocabulary)
        return Ruling(program=program, meanings=fingerprints(ruleset))

    def _note(self, actor: str, change: Change, *, closed: int) -> None:
        words = {name: ", ".join(sorted(getattr(change, name))) for name in ("changed", "added", "removed")}
        _log.info("rules reloaded", actor=actor, kept=len(change.kept), closed=closed, **words)
        with self._records.transaction() as books:
            books.audit.add(
                AuditLine(
                    at=self._clock.now(),
                    actor=actor,
                    action="rules.reload",
                    subject="rules",
                    detail={**words, "closed": closed},
                )
            )
