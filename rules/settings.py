"""Which files hold the rules, and how the engine waits."""

from pathlib import Path

from config import catalogue
from config.durations import Seconds
from config.loading import Strict

SHIPPED_RULES = catalogue.SHIPPED.parent / "rules" / "shipped.yaml"
SHIPPED_FILES = (SHIPPED_RULES, *(SHIPPED_RULES.with_name(f"{name}.yaml") for name in ("air", "noise", "health")))
"""In force unless the settings say otherwise; docs/rules.md says why the others are not."""
_LIMITS = catalogue.SHIPPED.parent / "limits"
SHIPPED_LIMITS = tuple(_LIMITS / f"{name}.yaml" for name in ("gb3096-2008", "gb3095-pm2_5", "gb3096-lmax-night"))


class RulesSettings(Strict):
    """`files` and `limits` replace the shipped ones; name those too if they shall stay."""

    files: tuple[Path, ...] = SHIPPED_FILES
    limits: tuple[Path, ...] = SHIPPED_LIMITS
    settle: Seconds = 2.0
    """How late a reading may come behind the city's clock. A replay at n times the speed needs n times as much."""
    lateness: Seconds = 0.0
    """For rules that do not say it themselves: how far the readings of one series may be out of order; they are judged
    that much later.
    """
    lag_limit: Seconds = 86_400.0
    """A feed that is late as a whole is judged by a clock that runs behind as much, but no more than this."""
    blind_after: Seconds = 30.0
    """A longer pause between two ticks means that nobody listened: silence is counted from its end."""
