"""Shows how far a recording has been read, while somebody else reads it."""

from collections.abc import Iterator
from datetime import tzinfo

from rich.console import Console
from rich.status import Status

from domain.instants import from_micros
from simulators.messages import Outgoing
from simulators.recordings.recording import RecordedDevice, Recording, RecordingOptions, Skipped

EVERY = 50
"""Messages between two looks at the screen."""


class WatchedRecording:
    """The same recording; a line on stderr says which message and event time it has come to."""

    def __init__(self, recording: Recording, *, zone: tzinfo) -> None:
        self._recording = recording
        self._zone = zone
        self.options: RecordingOptions = recording.options

    @property
    def skipped(self) -> Skipped:
        return self._recording.skipped

    def devices(self) -> tuple[RecordedDevice, ...]:
        return self._recording.devices()

    def messages(self) -> Iterator[Outgoing]:
        with Status("回放 replay", console=Console(stderr=True)) as status:
            for count, message in enumerate(self._recording.messages(), start=1):
                if count % EVERY == 1:
                    moment = from_micros(message.at).astimezone(self._zone).isoformat(" ", "minutes")
                    status.update(f"回放 replay  {count} 条  {moment}")
                yield message
