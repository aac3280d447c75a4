"""Topic filters after the MQTT standard."""

import pytest

from ingest.topics import TopicFilter


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("a/b", "a/b"),
        ("a/+", "a/b"),
        ("a/+", "a/"),
        ("a/#", "a"),
        ("a/#", "a/b/c"),
        ("#", "a/b"),
        ("+/+", "/a"),
        ("$SYS/#", "$SYS/broker"),
    ],
)
def test_filter_matches(text: str, topic: str) -> None:
    assert TopicFilter(text).matches(topic)


@pytest.mark.parametrize(
    ("text", "topic"),
    [("a/b", "a/c"), ("a/+", "a/b/c"), ("a/+", "a"), ("#", "$SYS/x"), ("+/x", "$SYS/x"), ("a/b", "a/b/c"), ("+", "/a")],
)
def test_filter_does_not_match(text: str, topic: str) -> None:
    assert not TopicFilter(text).matches(topic)


@pytest.mark.parametrize("text", ["", "a/#/b", "a+/b", "a/b#", "##", "a\0b"])
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="topic filter"):
        TopicFilter(text)
