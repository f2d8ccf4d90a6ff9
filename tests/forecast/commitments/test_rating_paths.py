"""Simulated quantities go through the price book: every future costs what a bill over the same quantity would."""

from decimal import Decimal

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from growthring.forecast.commitments.rating import WHOLE_BILL, rate_paths, why_not_rated
from growthring.pricing.book import PriceBook
from growthring.pricing.reference import Share, Use, rate_bill
from tests.pricing.rating.books import books

QUANTITIES = st.lists(
    st.one_of(st.integers(0, 200).map(lambda units: units * 10**6), st.integers(0, 400 * 10**6)), min_size=3, max_size=3
)


@given(books(), QUANTITIES, QUANTITIES, st.integers(1, 4))
@settings(max_examples=120, deadline=None)
def test_every_future_is_rated_to_the_cent_as_the_reference_rates_a_bill(
    book: PriceBook, first: list[int], second: list[int], period_no: int
):
    version = book.versions[0]
    assume(not why_not_rated(version, book.currency))
    used = {"m1": np.array(first), "m2": np.array(second)}
    rated = rate_paths(version, book.rating_policy, book.currency, used, period_no=period_no)
    for path in range(3):
        uses = [Use(meter, Decimal(int(values[path])).scaleb(-6)) for meter, values in used.items()]
        bill = rate_bill(version, uses, Share(period_no=period_no), book.rating_policy, book.currency)
        amounts = {each.component_id: int(np.broadcast_to(each.amount, (3,))[path]) for each in rated}
        lines = {line.component_id: line.amount.scaleb(4) for line in bill.lines}
        assert {name: amount for name, amount in amounts.items() if amount and name != WHOLE_BILL} == {
            name: amount for name, amount in lines.items() if amount
        }
        assert sum(amounts.values()) == bill.amount.scaleb(4)


def test_a_price_that_depends_on_records_is_refused_rather_than_averaged():
    book = PriceBook.model_validate(
        {
            "name": "b", "currency": "USD", "meters": [{"id": "m", "per_event": True}],
            "versions": [{"effective_from": "2024-01-01", "components": [
                {"id": "card", "meter": "m", "price": {"model": "percentage", "rate": 2, "minimum_per_event": "0.1"}}
            ]}],
        }
    )  # fmt: skip
    assert why_not_rated(book.versions[0], "USD") == "card is priced record by record"
