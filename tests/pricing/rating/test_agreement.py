"""The SQL path and the Decimal reference are two implementations of one thing."""

from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growthring.pricing.book import Component, PriceBook, Version
from growthring.pricing.meter import Meter
from growthring.pricing.price import Flat, Graduated, PerUnit, Volume
from growthring.pricing.rating.pipeline import is_short
from growthring.pricing.rating.tables import compile_books
from growthring.pricing.reference import Share, Use, rate_bill
from tests.pricing.rating.books import books, plain_tiers, prices, quantities, shares, uses
from tests.pricing.rating.sql_path import Asked, bill_amount, dimension_text, lines, rated


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(books(), uses(), shares)
def test_the_sql_path_and_the_reference_give_the_same_digits(book: PriceBook, used: tuple[Use, ...], share: Share):
    connection = rated(book, [Asked(used, share)])
    policy = book.rating_policy
    period_share = Share(share.active if policy.day_count != "inclusive" or share.active == 30 else share.active + 1, 30)
    expected = rate_bill(book.versions[0], used, period_share, policy, book.currency)
    found = lines(connection)
    assert [
        (
            line.component_id,
            dimension_text(line.dimensions),
            line.quantity,
            line.billable_quantity,
            line.raw_amount,
            line.adjusted_amount,
            line.amount,
        )
        for line in sorted(expected.lines, key=lambda line: (line.component_id, dimension_text(line.dimensions)))
    ] == [
        (
            each["component_id"],
            each["dimensions"],
            each["quantity"],
            each["billable_quantity"],
            each["raw_amount"],
            each["adjusted_amount"],
            each["amount"],
        )
        for each in found
    ]
    assert expected.amount == bill_amount(connection)
    connection.close()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.builds(PerUnit, unit_price=prices), st.builds(Graduated, tiers=plain_tiers()), st.builds(Volume, tiers=plain_tiers())
    ),
    quantities,
)
def test_the_short_way_of_plain_tiers_gives_the_digits_of_the_reference(price: PerUnit | Graduated | Volume, quantity: Decimal):
    components = (Component(id="use", meter="m1", price=price), Component(id="fee", price=Flat(amount=Decimal("9.99"))))
    version = Version(effective_from=date(2020, 1, 1), components=components)
    book = PriceBook(name="book", currency="USD", meters=(Meter(id="m1"),), versions=(version,))
    assert is_short(compile_books([book]).shape, has_buckets=False)
    used, share = (Use("m1", quantity),), Share(17, 30)
    found = lines(rated(book, [Asked(used, share)]))
    expected = rate_bill(version, used, share, book.rating_policy, "USD").lines
    assert {(each["component_id"], each["raw_amount"], each["amount"], each["tier"]) for each in found} == {
        (line.component_id, line.raw_amount, line.amount, line.tier) for line in expected
    }
