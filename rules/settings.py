"""Which files hold the rules, and how the engine waits."""

from pathlib import Path

from config import catalogue
from config.durations import Seconds
from config.loading import Strict

SHIPPED_RULES = catalogue.SHIPPED.parent / "rules" / "shipped.yaml"
_LIMITS = catalogue.SHIPPED.parent / "limits"
SHIPPED_LIMITS = (_LIMITS / "gb3096-2008.yaml", _LIMITS / "gb3095-pm2_5.yaml")


class RulesSettings(Strict):
    """`files` and `limits` replace the shipped ones; name those too if they shall stay."""

    files: tuple[Path, ...] = (SHIPPED_RULES,)
    limits: tuple[Path, ...] = SHIPPED_LIMITS
    settle: Seconds = 2.0
    """How late a reading may come behind the city's clock. A replay at n times the speed needs n times as much."""
    blind_after: Seconds = 30.0
    """A longer pause between two ticks means that nobody listened: silence is counted from its end."""
