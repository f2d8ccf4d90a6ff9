"""The integer kernel is the SQL path over again, to the cent."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growthring.kernel.money import round_money
from growthring.pricing.book import Component, PriceBook, Version
from growthring.pricing.compiled import compile_price
from growthring.pricing.meter import Meter
from growthring.pricing.policy import rating_preset, rating_preset_names
from growthring.pricing.price import Graduated, Package, Percentage, PerUnit, SimplePrice, Tier, Volume
from growthring.pricing.reference import Use
from growthring.pricing.simulation.kernel import Stretch, beyond_included, population, rate_population, rate_sorted, stretches
from tests.pricing.rating.books import cell_prices, decimals, quantities
from tests.pricing.rating.sql_path import Asked, lines, rated

CURRENCIES = {"USD": 2, "JPY": 0, "KWD": 3}


def kernel_amounts(rate: tuple[Stretch, ...], used: list[Decimal], places: int) -> list[Decimal]:
    people = population(np.array([int(each.scaleb(6)) for each in used]), np.zeros(len(used), dtype=np.int16), 1)
    return [Decimal(int(each)).scaleb(-places) for each in rate_population(people, [rate], [places])]


def compiled_amounts(price: SimplePrice, policy: str, used: list[Decimal], currency: str) -> list[Decimal]:
    rate = compile_price(price, rating_preset(policy), currency)
    return [round_money(rate.landing(each).amount(each, rate.decimals), currency) for each in used]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cell_prices,
    st.lists(quantities, min_size=1, max_size=25),
    st.sampled_from(rating_preset_names()),
    st.sampled_from(list(CURRENCIES)),
    st.just(Decimal(0)) | decimals("0", "40", 6),
)
def test_the_kernel_is_equal_to_the_sql_path_to_the_last_cent(
    price: SimplePrice, used: list[Decimal], policy: str, currency: str, included: Decimal
):
    rate = stretches(compile_price(price, rating_preset(policy), currency), CURRENCIES[currency])
    if rate is None:
        return
    rate = beyond_included(rate, int(included.scaleb(6))) if included else rate
    component = Component(id="c", meter="m1", price=price, included_units=included)
    version = Version(effective_from="2020-01-01", components=(component,))
    book = PriceBook(name="book", currency=currency, policy=policy, meters=(Meter(id="m1"),), versions=(version,))
    connection = rated(book, [Asked((Use("m1", each),), subscription_id=f"s{number}") for number, each in enumerate(used)])
    found = []
    for number in range(len(used)):
        rows = lines(connection, f"s{number}")
        found.append(rows[0]["amount"] if rows else Decimal(0))
    connection.close()
    assert kernel_amounts(rate, used, CURRENCIES[currency]) == found


large = st.one_of(quantities, decimals("0", "999999999999", 6), decimals("-5000", "5000", 6))
signed = decimals("-9000000000", "9000000000", 8)


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(
        st.builds(PerUnit, unit_price=signed),
        st.builds(
            Volume, tiers=st.tuples(st.builds(Tier, up_to=st.just(Decimal(1000)), unit_price=signed, flat_fee=signed),
                                    st.builds(Tier, unit_price=signed, flat_fee=signed)),
        ),
        st.builds(
            Graduated, tiers=st.tuples(st.builds(Tier, up_to=st.just(Decimal("999999.5")), unit_price=decimals("0", "9", 8)),
                                       st.builds(Tier, unit_price=decimals("0", "9", 8), package_size=decimals("0.5", "20", 6))),
        ),
        st.builds(Package, package_size=decimals("0.000001", "20", 6), package_price=decimals("0", "900", 8)),
    ),
    st.lists(large, min_size=1, max_size=30),
    st.sampled_from(list(CURRENCIES)),
)  # fmt: skip
def test_words_that_overflow_are_split_and_no_digit_is_lost(price: SimplePrice, used: list[Decimal], currency: str):
    places = CURRENCIES[currency]
    expected = compiled_amounts(price, "standard", used, currency)
    if max(abs(each) for each in expected) >= Decimal(2**63).scaleb(-places):
        return
    rate = stretches(compile_price(price, rating_preset("standard"), currency), places)
    assert rate is not None
    assert kernel_amounts(rate, used, places) == expected


@pytest.mark.parametrize(
    ("unit_price", "units", "amount"),
    [
        ("0.01234567", "12.5", "0.15"),
        ("1.23456789", "99999999", "123456787.77"),
        ("54321.12345678", "1234567.654321", "67063101966.12"),
        ("0.005", "1", "0.01"),
        ("-0.005", "1", "-0.01"),
    ],
)
def test_one_word_two_words_and_pythons_integers_agree_where_each_is_needed(unit_price: str, units: str, amount: str):
    rate = stretches(compile_price(PerUnit(unit_price=Decimal(unit_price)), rating_preset("standard"), "USD"), 2)
    assert rate is not None
    exact = round_money(Decimal(unit_price) * Decimal(units), "USD")
    assert kernel_amounts(rate, [Decimal(units)], 2) == [exact] == [Decimal(amount)]


def test_amounts_come_back_in_the_order_quantities_were_given():
    used = [Decimal(each) for each in (7, 3, 9, 1)]
    rate = stretches(compile_price(PerUnit(unit_price=Decimal(2)), rating_preset("standard"), "USD"), 2)
    assert rate is not None
    assert kernel_amounts(rate, used, 2) == [Decimal(2) * each for each in used]


def test_many_groups_each_have_their_own_rate_and_currency():
    places = [2, 0, 3]
    rates = [
        stretches(compile_price(PerUnit(unit_price=Decimal(f"1.{number}5")), rating_preset("standard"), code), CURRENCIES[code])
        for number, code in enumerate(CURRENCIES)
    ]
    groups = np.array([2, 0, 1, 0, 2], dtype=np.int16)
    people = population(np.full(5, 1_000_000), groups, 3)
    amounts = rate_population(people, [each for each in rates if each], places)
    assert amounts.tolist() == [1250, 105, 1, 105, 1250]


def test_prices_that_depend_on_more_than_the_quantity_are_left_to_the_sql_path():
    price = Percentage(rate=Decimal(2), fixed_per_event=Decimal("0.1"))
    assert stretches(compile_price(price, rating_preset("standard"), "USD"), 2) is None


def test_a_stretch_without_rows_is_skipped():
    empty = np.empty(0, dtype=np.int64)
    rate_sorted(empty, [Stretch(0, 10, 1, 0)], 2, empty)
    assert empty.size == 0
