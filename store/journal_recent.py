"""The newest entries of the journal, as they were given to it: readers that keep up decode nothing."""

from domain.readings import COLUMNS, Vocabulary
from domain.settlements import Journalled

MOST_READINGS = 100_000
"""Some 41 bytes each."""
MOST_BYTES = 4 * 1024 * 1024
"""Of records as they stand in the file: what was quarantined is held as well."""
MOST_ENTRIES = 1_000


class Recent:
    """One thread remembers, any may ask. Holds entries without a gap, the newest at the end."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._entries: dict[int, Journalled] = {}
        self._sizes: dict[int, int] = {}
        self._readings = self._bytes = 0

    def remember(self, entry: Journalled, *, size: int) -> None:
        """`size` in bytes. From here on nobody may change the columns.

        Those of another vocabulary are read from the file, where they come back in the journal's own.
        """
        batch = entry.settlement.readings
        if batch.vocabulary is not self._vocabulary:
            return
        for name in COLUMNS:
            getattr(batch, name).flags.writeable = False
        self._entries[entry.sequence] = entry
        self._sizes[entry.sequence] = size
        self._readings += len(batch)
        self._bytes += size
        while self._readings > MOST_READINGS or self._bytes > MOST_BYTES or len(self._entries) > MOST_ENTRIES:
            self._drop_oldest()

    def from_on(self, sequence: int, *, limit: int) -> list[Journalled]:
        """That entry and those that follow it, at most `limit`; none when it is not held."""
        found: list[Journalled] = []
        while len(found) < limit and (entry := self._entries.get(sequence)) is not None:
            found.append(entry)
            sequence += 1
        return found

    def _drop_oldest(self) -> None:
        sequence = next(iter(self._entries))
        self._readings -= len(self._entries.pop(sequence).settlement.readings)
        self._bytes -= self._sizes.pop(sequence)
