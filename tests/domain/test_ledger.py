"""The ledger's arithmetic: what is unaccounted for shows, also after adding up."""

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import Tally

COUNTS = st.integers(0, 10**12)
FATES = tuple(field.name for field in fields(Tally) if field.name != "received")
TALLIES = st.builds(Tally, **dict.fromkeys(("received", *FATES), COUNTS))


@st.composite
def balanced(draw: st.DrawFn) -> Tally:
    fates = {name: draw(COUNTS) for name in FATES}
    return Tally(received=sum(fates.values()), **fates)


@given(balanced())
def test_what_is_accounted_for_balances(tally: Tally) -> None:
    assert tally.imbalance == 0


@given(balanced(), st.sampled_from(FATES), st.integers(1, 1000))
def test_what_is_counted_twice_shows_as_a_negative_imbalance(tally: Tally, fate: str, extra: int) -> None:
    assert replace(tally, **{fate: getattr(tally, fate) + extra}).imbalance == -extra


@given(balanced(), st.integers(1, 1000))
def test_what_is_lost_shows_as_a_positive_imbalance(tally: Tally, lost: int) -> None:
    assert replace(tally, received=tally.received + lost).imbalance == lost


@given(TALLIES, TALLIES)
def test_sums_count_every_fate_of_both(one: Tally, other: Tally) -> None:
    total = one + other
    assert all(getattr(total, name) == getattr(one, name) + getattr(other, name) for name in ("received", *FATES))


@given(TALLIES, TALLIES)
def test_imbalances_add_up(one: Tally, other: Tally) -> None:
    assert (one + other).imbalance == one.imbalance + other.imbalance


@given(TALLIES)
def test_nothing_added_changes_nothing(tally: Tally) -> None:
    assert tally + Tally() == tally
