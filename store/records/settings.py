"""What an installation may say about its records."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from config.durations import Seconds
from config.loading import Strict
from config.sizes import Bytes

AtLeastADay = Annotated[Seconds, Field(ge=86400)]


class RecordsSettings(Strict):
    """`url` is an SQLAlchemy URL, secret because it may hold a password; without it records.db in the data directory.

    `quarantine_limit` and `quarantine_bytes` (of payload): beyond them the oldest entries go, counted.
    `quarantine_keep`: entries expire at this age. `busy_timeout`: how long to wait for another writer.
    `ledger_keep`, `notices_keep` (sent or given up), `alerts_keep` (closed) and `audit_keep`: how long these stay on
    file; without a time for ever. Alerts and audit are evidence.
    """

    url: SecretStr | None = None
    quarantine_limit: int = Field(default=100_000, ge=1)
    quarantine_bytes: Bytes = Field(default=256 * 1024 * 1024, ge=1024 * 1024)
    quarantine_keep: Annotated[Seconds, Field(gt=0)] = 30 * 86400.0
    ledger_keep: AtLeastADay = 400 * 86400.0
    notices_keep: AtLeastADay = 400 * 86400.0
    alerts_keep: AtLeastADay | None = None
    audit_keep: AtLeastADay | None = None
    busy_timeout: Seconds = 5.0

    def url_in(self, directory: Path) -> str:
        """The URL to open, for an installation that keeps its files in `directory`."""
        return self.url.get_secret_value() if self.url else f"sqlite:///{directory / 'records.db'}"
