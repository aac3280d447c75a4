"""Whether a rule still means what it meant: its memory serves only the rule that it was made by."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from domain.errors import Refused
from rules.loading import RuleSet

_NAMES = frozenset({"zh", "en", "severity", "clause", "needs_acknowledgement"})
"""What may change without a change of what is judged."""


def fingerprints(ruleset: RuleSet) -> Mapping[str, str]:
    """By rule: the same as long as names, colour and clause alone change; the tables that it names count as its own."""
    return {rule.entry.id: _of(rule.entry.model_dump(**_PLAIN, exclude=set(_NAMES)), ruleset) for rule in ruleset.rules}


def without(snapshot: bytes, rules: Collection[str]) -> bytes:
    """A snapshot in which these rules are not remembered: they start fresh. Raises Refused for what is no snapshot."""
    if not rules:
        return snapshot
    try:
        content = msgspec.msgpack.decode(snapshot)
        kept = {rule: known for rule, known in content["rules"].items() if rule not in rules}
    except (msgspec.MsgspecError, TypeError, KeyError, AttributeError) as exc:
        raise Refused(f"the rules' snapshot cannot be read ({exc}); remove it to start without memory") from exc
    return msgspec.msgpack.encode({**content, "rules": kept})


# a key that a later version adds with a default does not make every rule another one
_PLAIN: Mapping[str, Any] = {"mode": "json", "exclude_defaults": True, "warnings": "none"}


def _of(entry: Mapping[str, Any], ruleset: RuleSet) -> str:
    tables = {
        name: ruleset.tables[name].model_dump(**_PLAIN, exclude={"zh", "en"})
        for name in sorted(set(_tables(entry)) & ruleset.tables.keys())
    }
    text = json.dumps([entry, tables], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _tables(content: Any) -> Iterator[str]:
    """Names under a key `table`, at any depth."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key == "table" and isinstance(value, str):
                yield value
            else:
                yield from _tables(value)
    elif isinstance(content, list):
        for item in content:
            yield from _tables(item)
