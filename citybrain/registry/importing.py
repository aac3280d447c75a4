"""Imports a file of devices into the registry: read, converted to WGS-84, compared, checked."""

from dataclasses import dataclass, replace
from pathlib import Path

from citybrain.registry.changing import Ground, Plan, plan_change
from citybrain.registry.positions import converted, is_shifted_here, signs_of_a_datum
from config.registry.reading import read_listing
from config.registry.yaml_file import paused_collection
from domain.datums import Datum
from domain.errors import Problem

UNKNOWN_DATUM = (
    "no position of this file can be compared with one that is known, so its datum is taken on trust: WGS-84; maps made"
    " in China are mostly gcj02 or bd09 (--datum)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a file is imported. `datum` None: taken for WGS-84, and refused where it looks like another."""

    replace: bool = False
    datum: Datum | None = None
    ignore_extra: bool = False


def plan_import(file: Path, ground: Ground, manner: Manner) -> Plan:
    """Raises Misconfigured when one of the files cannot be read at all; whatever else is wrong is in the plan."""
    with paused_collection():
        incoming = read_listing(file, ignore_extra=manner.ignore_extra)
        incoming = converted(incoming, manner.datum or Datum.WGS84)
    plan = plan_change(ground, incoming, replace=manner.replace)
    if manner.datum is not None:
        return plan
    sign = signs_of_a_datum(plan.before, plan.after)
    if sign is not None:
        return replace(plan, problems=(*plan.problems, Problem(file=str(file), line=None, message=sign)))
    is_all_new = bool(incoming.contents) and len(plan.difference.added) == len(incoming.contents)
    if is_all_new and is_shifted_here(ground.city.centre):
        return replace(plan, notes=(*plan.notes, UNKNOWN_DATUM))
    return plan
