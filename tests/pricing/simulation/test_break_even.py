"""Where one price becomes cheaper than another."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from growthring.pricing.price import Package, PerUnit, SimplePrice
from growthring.pricing.simulation.break_even import break_even, meter_price
from tests.pricing.rating.books import cell_prices
from tests.pricing.simulation.world import book, graduated, volume


def found(one: SimplePrice, other: SimplePrice) -> list[tuple[Decimal, str]]:
    return [(each.quantity, each.cheaper_above) for each in break_even(book("one", one), book("other", other), "m1", "USD") or ()]


def test_two_lines_cross_at_an_exact_ratio():
    (crossing,) = (
        break_even(
            book("one", graduated((10, "1"), (None, "0.3"))), book("other", PerUnit(unit_price=Decimal("0.6"))), "m1", "USD"
        )
        or ()
    )
    assert crossing.exact == Fraction(7, Fraction(3, 10))
    assert (crossing.quantity, crossing.cheaper_below, crossing.cheaper_above) == (Decimal("23.333333"), "other", "one")


def test_a_volume_price_that_falls_at_a_bound_crosses_there_and_again():
    assert found(volume((100, "1"), (None, "0.5")), graduated((50, "0.6"), (None, "0.9"))) == [(Decimal(100), "one")]
    assert found(volume((100, "1"), (None, "0.9")), PerUnit(unit_price=Decimal("0.95"))) == [(Decimal(100), "one")]


def test_packages_cross_at_the_step_where_a_new_one_begins():
    package = Package(package_size=Decimal(10), package_price=Decimal(5))
    crossings = found(package, PerUnit(unit_price=Decimal("0.6")))
    assert crossings[:3] == [(Decimal("8.333333"), "one"), (Decimal(10), "other"), (Decimal("16.666666"), "one")]
    assert crossings[-1] == (Decimal("41.666666"), "one")


def test_equal_prices_never_cross():
    assert found(graduated((10, "1"), (None, "1")), PerUnit(unit_price=Decimal(1))) == []


@settings(max_examples=80, deadline=None)
@given(cell_prices, cell_prices, st.integers(0, 400))
def test_between_crossings_the_same_book_stays_the_cheaper(mine: SimplePrice, theirs: SimplePrice, at: int):
    one, other = book("one", mine), book("other", theirs)
    crossings = break_even(one, other, "m1", "USD", Decimal(60))
    assume(crossings is not None)
    quantity = Decimal(at * 60) / 400
    here = [sum(_raw(each, quantity) for each in meter_price(side, "m1", "USD") or ()) for side in (one, other)]
    cheaper = {True: "one", False: "other"}[here[0] < here[1]]
    below = [each for each in crossings or () if each.exact < Fraction(quantity)]
    above = [each for each in crossings or () if each.exact > Fraction(quantity)]
    if here[0] != here[1] and quantity > 0:
        assert not below or below[-1].cheaper_above == cheaper
        assert not above or above[0].cheaper_below == cheaper


def _raw(rate, quantity: Decimal) -> int:
    millionths = int(quantity.scaleb(6))
    stretch = next(each for each in rate if each.over < millionths <= each.up_to)
    return stretch.raw(millionths) + stretch.rounded_apart * 10**12
