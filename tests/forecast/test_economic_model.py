"""The economic model follows from its assumptions alone, exactly, and shows where they go beyond the stated limits."""

from dataclasses import replace
from decimal import Decimal

import pytest

from growthring.forecast.economic_model import (
    COMPUTED_CAP,
    SHARE_CAP,
    Costs,
    Model,
    doubling_years,
    path_of_shares,
    project,
    value_of_customer,
)

D = Decimal
MODEL = Model(
    D(1000), D(0), (D("0.1"), D("0.2"), D("0.2")), D(100), D(0), D("0.9"), SHARE_CAP,
    (
        Costs("gm1", "sales", D("0.3"), D(0), ()),
        Costs("gm2", "service", D(0), D(10), ()),
        Costs("gm3", "research", D(0), D(0), (D(500), D(900))),
        Costs("gm4", "office", D("0.05"), D(0), (D(100),)),
    ),
)  # fmt: skip


def test_every_year_is_what_the_assumptions_make_of_it():
    first, second, third = project(MODEL)
    assert (first.customers, first.new_customers, first.revenue) == (100, 100, 5000)
    # customers of the first year bring 10,000 × 0.9 in full; a hundred more come through the second
    assert second.revenue == 9000 + 5000
    assert third.revenue == (9000 + 10000) * D("0.9")
    assert third.new_customers == 0


def test_each_margin_is_the_one_before_less_its_costs():
    first, second, third = project(MODEL)
    assert first.margins == (3500, 3500 - 1000, 2500 - 500, 2000 - 250 - 100)
    for year in (second, third):
        assert year.margins[2] == year.margins[1] - 900
        assert year.margins[3] == year.margins[2] - D("0.05") * year.revenue - 100


def test_retention_above_100_percent_is_capped_and_shown_uncapped():
    years = project(replace(MODEL, ndr=D("1.2")))
    assert years[2].revenue == project(replace(MODEL, ndr=D(1)))[2].revenue < years[2].uncapped_revenue
    assert [year.revenue for year in project(MODEL)] == [year.uncapped_revenue for year in project(MODEL)]


def test_a_share_above_the_cap_is_flagged_and_not_changed():
    years = project(replace(MODEL, shares=(D("0.3"), D("0.4"))))
    assert [year.is_above_cap for year in years] == [False, True]
    assert years[1].share == D("0.4")
    assert (D("0.36"), D("0.30")) == (SHARE_CAP, COMPUTED_CAP)


def test_the_value_of_a_customer_is_capped_at_three_years():
    value = value_of_customer(MODEL)
    assert value.capped == 3 * (100 - 30 - 10)
    assert value.uncapped == 60 / (1 - D("0.9"))
    assert value_of_customer(replace(MODEL, ndr=D(1))).uncapped is None


def test_each_doubling_takes_half_the_time_of_the_one_before():
    assert doubling_years(D(4), D("0.36")) == [(D("0.05"), 4), (D("0.10"), 6), (D("0.20"), 7)]
    path = path_of_shares(D(4), D("0.36"), 9)
    assert path[3] == D("0.05") and path[5] == D("0.10") and path[6] == D("0.20")
    assert list(path) == sorted(path) and path[-1] == D("0.36")
    assert path[4] == pytest.approx(D("0.05") * D(2).sqrt())
