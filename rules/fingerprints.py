"""Whether a rule still means what it meant: its memory serves only the rule that it was made by."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from domain.errors import Refused
from rules.loading import RuleSet


def fingerprints(ruleset: RuleSet) -> Mapping[str, str]:
    """By rule: the same as long as names, colour and clause alone change.

    What stands in the files that it names counts as its own: tables of limits, limits by device, calendars.
    """
    return {rule.entry.id: _of(rule.entry.meaning(), ruleset) for rule in ruleset.rules}


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


def _of(entry: Mapping[str, Any], ruleset: RuleSet) -> str:
    tables = {
        name: ruleset.tables[name].model_dump(mode="json", exclude_defaults=True, exclude={"zh", "en"})
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
