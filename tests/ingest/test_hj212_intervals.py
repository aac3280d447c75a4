"""Where HJ 212 says the same twice, in readings and in means over them, one of both counts."""

from collections.abc import Sequence

from domain.devices import PLAIN
from domain.instants import MICROS_PER_S
from ingest.formats.decoded import Decoded
from ingest.formats.hj212.coverage import Coverage
from ingest.formats.hj212.decoder import Hj212
from ingest.formats.telling import Moment
from tests.ingest.hj212_station import frame
from tests.ingest.test_hj212 import EIGHT, message, skipped, values


def of_a_day(decoder: Hj212, packets: Sequence[tuple[str, str]], *, date: str = "20261122") -> list[Decoded]:
    """`HH:MM:SS cn`, content → decoded, one message after the other."""
    frames = [
        frame(f"DataTime={date}{when[:8].replace(':', '')};{content}", cn=when[9:], qn=f"{number:017d}1")
        for number, (when, content) in enumerate(packets)
    ]
    evening = (EIGHT or 0) + 3600 * MICROS_PER_S
    return [one for part in frames for one in decoder.decode(message(part, received=evening), lambda _: PLAIN)]


def test_a_mean_that_finer_readings_cover_is_left_out_and_another_is_not() -> None:
    decoder = Hj212()
    now = [(f"20:0{minute}:00 2011", "a01001-Rtd=20;a01002-Rtd=50,a01002-Flag=D") for minute in range(10)]
    of_a_day(decoder, now)
    [mean] = of_a_day(decoder, [("20:00:00 2051", "a01001-Avg=20;a01002-Avg=51;a01007-Avg=2")])
    assert values(mean) == {"humidity": 51, "wind_speed": 2}  # bad readings cover nothing
    assert skipped(mean) == ["a01001"]
    [hour] = of_a_day(decoder, [("20:00:00 2061", "a01001-Avg=20")])
    assert values(hour) == {"temperature": 20}  # ten minutes are no hour
    [filled_in] = of_a_day(decoder, [("15:00:00 2051", "a01001-Avg=19")])
    assert values(filled_in) == {"temperature": 19}


def test_an_instantaneous_level_gives_way_to_the_equivalent_level() -> None:
    first, second, third = of_a_day(
        Hj212(), [("20:00:00 2011", "LA-Rtd=50"), ("20:00:00 2051", "Leq-Data=51"), ("20:11:00 2011", "LA-Rtd=52")]
    )
    assert [values(first), values(second), skipped(third)] == [{"laeq": 50}, {"laeq": 51}, ["LA"]]


def test_a_clock_that_is_ahead_hides_no_mean_behind_its_readings() -> None:
    decoder = Hj212()
    of_a_day(decoder, [("20:00:00 2011", "a01001-Rtd=20")], date="20361122")
    of_a_day(decoder, [(f"20:0{minute}:00 2011", "a01001-Rtd=20") for minute in range(10)])
    assert skipped(of_a_day(decoder, [("20:00:00 2051", "a01001-Avg=20")])[0]) == ["a01001"]


def test_what_is_remembered_of_intervals_is_bounded() -> None:
    coverage = Coverage(most=10)
    for number in range(100):
        coverage.told(f"NM-{number}", "LA", Moment(at=EIGHT))
    assert len(coverage) == 10
