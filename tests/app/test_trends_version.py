"""The charts are fetched again when there is something new to see in them."""

from collections.abc import Sequence

from citybrain.engine.trends_version import EVERY_US, TrendsVersion
from domain.readings import Vocabulary, batch_of
from domain.settlements import Journalled, Settlement

VOCABULARY = Vocabulary(devices=["NM-1"], metrics=["laeq"])


def entry(sequence: int, live: Sequence[bool]) -> Journalled:
    n = len(live)
    readings = batch_of(VOCABULARY, device=[0] * n, metric=[0] * n, at=range(n), value=[50.0] * n, live=live)
    return Journalled(sequence=sequence, settlement=Settlement(now=0, readings=readings))


def test_the_version_grows_every_half_minute() -> None:
    version = TrendsVersion()
    assert version.at(EVERY_US) == version.at(2 * EVERY_US - 1) == version.at(2 * EVERY_US) - 1


def test_history_renews_the_charts_once_it_is_stored_and_not_before() -> None:
    version = TrendsVersion()
    version.saw([entry(7, [True, False]), entry(8, [True])])
    assert not version.has_news(stored_through=6)
    before = version.at(0)
    assert version.has_news(stored_through=7)
    assert version.at(0) == before + 1
    assert not version.has_news(stored_through=9)


def test_live_readings_do_not_renew_the_charts() -> None:
    version = TrendsVersion()
    version.saw([entry(1, [True]), entry(2, [])])
    assert not version.has_news(stored_through=5)
