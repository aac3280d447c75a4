"""From feeds to subscriptions, and from a message's topic back to its feed."""

from collections.abc import Sequence

from ingest.settings import FeedSettings
from ingest.topics import TopicFilter

FORMER_FEED = "former"
"""Messages of subscriptions that the broker still holds for us, but that no feed of the settings asks for any more."""
UNREADABLE_TOPIC = "(topic is not UTF-8)"
"""Stands in for a topic that MQTT forbids: its message is quarantined and acknowledged like any other."""

_REMEMBERED_TOPICS = 100_000


def subscriptions(feeds: Sequence[FeedSettings]) -> tuple[str, ...]:
    """What to ask the broker for."""
    return tuple(f"$share/{feed.share}/{topic}" if feed.share else topic for feed in feeds for topic in feed.topics)


class FeedOfTopic(dict[str, str]):
    """`feeds[topic]` is the id of the first feed that asks for it. Looked for once per topic, then remembered."""

    def __init__(self, feeds: Sequence[FeedSettings]) -> None:
        super().__init__()
        self._filters = [(TopicFilter(topic), feed.id) for feed in feeds for topic in feed.topics]

    def __missing__(self, topic: str) -> str:
        feed = next((feed for topic_filter, feed in self._filters if topic_filter.matches(topic)), FORMER_FEED)
        if len(self) >= _REMEMBERED_TOPICS:
            self.clear()
        self[topic] = feed
        return feed
