"""The SQL path and the Decimal reference are two implementations of one thing."""

from hypothesis import HealthCheck, given, settings

from growthring.pricing.book import PriceBook
from growthring.pricing.reference import Share, Use, rate_bill
from tests.pricing.rating.books import books, shares, uses
from tests.pricing.rating.sql_path import Asked, bill_amount, dimension_text, lines, rated


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
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
