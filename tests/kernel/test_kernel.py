from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.kernel.currency import EXPONENT, exponent
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.ids import digest, file_digest
from growthring.kernel.money import allocate, round_money
from growthring.kernel.period import FiscalCalendar, Month, PeriodKind

months = st.integers(1970 * 12, 2100 * 12).map(Month)
currencies = st.sampled_from(sorted(EXPONENT))


@given(months, st.integers(-600, 600))
def test_months_add_subtract_and_read_back(month: Month, count: int):
    assert (month + count) - count == month
    assert Month.parse(str(month)) == Month.of(month.first_day) == Month.of(month.last_day) == month
    assert (month.last_day - month.first_day).days in (27, 28, 29, 30)
    assert (month + 1).first_day.toordinal() - month.last_day.toordinal() == 1


@pytest.mark.parametrize("text", ["", "2024", "2024-13", "2024-00", "24-01", "2024-1", "January", "2024-01-01-01", "٢٠٢٤-٠١x"])
def test_text_that_is_no_month_is_refused_with_an_example(text: str):
    with pytest.raises(GrowthringError, match="2011-11"):
        Month.parse(text)


@given(months, st.integers(1, 12), st.sampled_from(list(PeriodKind)))
def test_every_month_lies_in_one_period_whose_label_reads_back(month: Month, starts: int, kind: PeriodKind):
    calendar = FiscalCalendar(starts)
    first, last = calendar.period_of(month, kind)
    assert first <= month <= last
    assert last.index - first.index + 1 == kind.months
    assert calendar.parse(calendar.label(last, kind)) == (first, last)
    assert {calendar.period_of(Month(index), kind) for index in range(first.index, last.index + 1)} == {(first, last)}


def test_a_fiscal_year_is_named_after_the_year_in_which_it_ends():
    february = FiscalCalendar(2)
    assert february.parse("FY2025") == (Month.parse("2024-02"), Month.parse("2025-01"))
    assert february.parse("2025-Q4") == (Month.parse("2024-11"), Month.parse("2025-01"))
    assert FiscalCalendar(1).parse("FY2025") == (Month.parse("2025-01"), Month.parse("2025-12"))


@given(
    st.integers(-(10**15), 10**15), st.lists(st.integers(0, 400), min_size=1, max_size=40).filter(any), currencies
)  # fmt: skip
def test_parts_sum_to_the_whole_and_none_is_off_by_a_minor_unit(minor: int, weights: list[int], currency: str):
    amount = Decimal(minor).scaleb(-exponent(currency))
    parts = allocate(amount, weights, currency)
    assert sum(parts) == amount
    unit = Decimal(1).scaleb(-exponent(currency))
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / sum(weights)) < unit + Decimal("1e-9")
        assert weight or not part
        assert part == round_money(part, currency)


@given(st.integers(0, 10**9), st.lists(st.integers(1, 400), min_size=2, max_size=12))
def test_larger_weights_get_no_less_and_ties_favour_the_earlier(minor: int, weights: list[int]):
    parts = allocate(Decimal(minor), weights, "JPY")
    for one in range(len(weights)):
        for other in range(one + 1, len(weights)):
            if weights[one] >= weights[other]:
                assert parts[one] >= parts[other]


@given(st.decimals(-(10**12), 10**12, places=6), currencies)
def test_rounding_goes_half_away_from_zero_and_is_done_once(amount: Decimal, currency: str):
    rounded = round_money(amount, currency)
    unit = Decimal(1).scaleb(-exponent(currency))
    assert abs(rounded - amount) <= unit / 2
    assert round_money(rounded, currency) == rounded
    assert round_money(-amount, currency) == -rounded
    if abs(rounded - amount) == unit / 2:
        assert abs(rounded) > abs(amount)


def test_currencies_know_their_minor_units():
    assert [exponent(code) for code in ("USD", "JPY", "KWD", "CLF", "HUF", "ISK")] == [2, 0, 3, 4, 2, 0]
    assert all(len(code) == 3 and code.isupper() for code in EXPONENT)
    for code in ("usd", "XXQ", ""):
        with pytest.raises(UnknownValueError, match="Valid: AED"):
            exponent(code)


@given(st.lists(st.text()), st.lists(st.text()))
def test_no_two_lists_of_parts_have_one_digest(one: list[str], other: list[str]):
    assert (digest(one) == digest(other)) == (one == other)


def test_a_file_is_digested_by_its_bytes_alone(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    (tmp_path / "b").write_bytes(b"x" * 3_000_000)
    (tmp_path / "c").write_bytes(b"x" * 2_999_999 + b"y")
    assert file_digest(tmp_path / "a") == file_digest(tmp_path / "b") != file_digest(tmp_path / "c")


def test_a_month_knows_its_days():
    assert Month.of(date(2024, 2, 29)).last_day == date(2024, 2, 29)
