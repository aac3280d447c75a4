"""Passwords made at start: readable aloud, long enough, kept in files that only their owner can read."""

import secrets
from pathlib import Path

_SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]


def spoken_password(groups: int = 4) -> str:
    """Such as `bado-keru-mizo-fula`: 80^8 ≈ 2^50 for four groups."""
    return "-".join(secrets.choice(_SYLLABLES) + secrets.choice(_SYLLABLES) for _ in range(groups))


def write_secret(path: Path, text: str) -> Path:
    """Replace the file's content; mode 0600 from the first byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path
