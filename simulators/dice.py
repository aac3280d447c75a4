"""Chance without state: every draw is a function of seed, name and number, so the same seed gives the same city."""

from functools import lru_cache
from hashlib import blake2b
from math import floor
from statistics import NormalDist

_MASK = (1 << 64) - 1
_GAUSS = NormalDist()
_WAVE_SCALE = 1.16
"""A blend of two independent draws has a variance of 0.74 on average: this makes it 1."""


class Dice:
    """Draws for one named thing. Two Dice with the same seed and names agree; `index` says which throw is meant."""

    __slots__ = ("_key",)

    def __init__(self, seed: int, *names: str) -> None:
        text = "\x1f".join((str(seed), *names)).encode()
        self._key = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")

    def uniform(self, index: int = 0) -> float:
        """In [0, 1)."""
        # splitmix64: neighbouring indices give unrelated values
        z = (self._key + index * 0x9E3779B97F4A7C15) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((z ^ (z >> 31)) >> 11) / 9007199254740992.0

    def between(self, low: float, high: float, index: int = 0) -> float:
        return low + (high - low) * self.uniform(index)

    def normal(self, index: int = 0) -> float:
        """Mean 0, standard deviation 1, never beyond 4.2."""
        return _GAUSS.inv_cdf(self.uniform(index) * 0.99997 + 0.000015)

    def pick(self, count: int, index: int = 0) -> int:
        """In range(count)."""
        return int(self.uniform(index) * count)

    def wave(self, at_s: float, period_s: float) -> float:
        """A smooth random course over time: mean 0, standard deviation about 1, wanders within some `period_s`."""
        place = at_s / period_s
        step = floor(place)
        share = place - step
        blend = share * share * (3.0 - 2.0 * share)
        return _WAVE_SCALE * (_node(self._key, step) * (1.0 - blend) + _node(self._key, step + 1) * blend)


@lru_cache(maxsize=65_536)
def _node(key: int, step: int) -> float:
    """A fixed point of a wave. Cached: a wave asks for the same two points many times in a row."""
    dice = Dice.__new__(Dice)
    dice._key = key ^ 0x5851F42D4C957F2D
    return dice.normal(step)
