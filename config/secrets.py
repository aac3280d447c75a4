"""Secrets that a settings file gives itself, or names a file for."""

from pathlib import Path

from pydantic import SecretStr

from domain.errors import Misconfigured, Problem


def revealed(plain: SecretStr | None, file: Path | None) -> str | None:
    """The secret itself, from the file if one is named. Raises Misconfigured when the file cannot be read."""
    if file is None:
        return plain.get_secret_value() if plain else None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8 text"
        message = f"the secret in it cannot be read: {reason}; check the path and its rights"
        raise Misconfigured([Problem(file=str(file), line=None, message=message)]) from exc
