"""The waterfall adds up to the last decimal, planted rates come back, and a changed assumption is another version."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from growthring.forecast.cohort_rates import BANDS, Rates, band_of, cohort_rates
from growthring.forecast.panel import Cell, Panel
from growthring.forecast.waterfall import MOVES, Assumptions, total_steps, waterfall
from growthring.kernel.period import FiscalCalendar, Month

CALENDAR = FiscalCalendar(2)
LAST = Month.parse("2024-12")
OPENING = {Month.parse("2022-03").index: Decimal("1000.1234"), Month.parse("2024-05").index: Decimal("333.3333")}
ASSUMED = Assumptions((Decimal(7),), Decimal("99.99"), (Rates(0.021, 0.004, 0.013, 0.001),) * len(BANDS))
FLAT = replace(ASSUMED, rates=(Rates(0, 0, 0, 0),) * len(BANDS))


def test_opening_and_movements_are_the_closing_and_cohorts_the_total_exactly():
    steps = waterfall(OPENING, LAST, 6, CALENDAR, ASSUMED)
    for step in [*steps, *total_steps(steps)]:
        assert step.opening + sum(getattr(step, name) for name in MOVES) == step.closing
    totals = total_steps(steps)
    assert totals[0].opening == sum(OPENING.values())
    for before, after in pairwise(totals):
        assert before.closing == after.opening
    for total in totals:
        mine = [step for step in steps if step.quarter == total.quarter]
        assert sum(step.revenue for step in mine) == total.revenue


def test_a_quarter_that_has_begun_shows_its_rest_and_fiscal_quarters_follow():
    steps = total_steps(waterfall(OPENING, LAST, 3, CALENDAR, FLAT))
    assert [str(step.quarter) for step in steps] == ["2025-01", "2025-04", "2025-07"]
    one, three = steps[0], steps[1]
    assert one.new == Decimal("233.3100") and three.new == 3 * one.new
    assert one.revenue == one.closing
    assert three.revenue == 3 * one.closing + (1 + 2 + 3) * one.new


def test_rates_follow_the_age_of_the_cohort():
    rates = list(FLAT.rates)
    rates[band_of(12)] = Rates(0, 0, 0.5, 0)
    first = (LAST - 10).index
    steps = total_steps(waterfall({first: Decimal(100)}, LAST, 2, CALENDAR, replace(FLAT, rates=tuple(rates), new_customers=())))
    assert [step.churn for step in steps] == [0, -50]  # the twelfth month is 2025-02
    assert steps[1].closing == 50


def test_a_changed_assumption_is_another_version():
    version = ASSUMED.digest(OPENING, LAST)
    assert version == ASSUMED.digest(dict(reversed(OPENING.items())), LAST)
    others = [replace(ASSUMED, first_amount=Decimal(100)), replace(ASSUMED, new_customers=(Decimal(8),)), FLAT]
    assert len({version, *(each.digest(OPENING, LAST) for each in others), ASSUMED.digest(OPENING, LAST + 1)}) == 5


def panel_with(rates: dict[str, float], rows: int = 4000, months: int = 30) -> Panel:
    """Customers of random size and start whose revenue expands, contracts, ends or returns at planted rates."""
    random = np.random.default_rng(5)
    start = random.integers(0, 20, rows)
    values = np.full((rows, months), np.nan)
    level, out = random.lognormal(3, 1, rows), np.zeros(rows, bool)
    for month in range(months):
        began = start == month
        values[began, month] = level[began]
        old = start < month
        draw = random.random(rows)
        returned = old & out & (draw < rates["return"])
        out &= ~returned
        gone = old & ~out & ~returned & (draw < rates["churn"])
        grown = old & ~out & ~gone & (draw > 1 - rates["up"])
        cut = old & ~out & ~gone & ~grown & (draw > 1 - rates["up"] - rates["down"])
        out |= gone
        level = np.where(grown, level * 1.3, np.where(cut, level * 0.5, level))
        values[old, month] = np.where(out, 0, level)[old]
    cells = np.where(np.isnan(values), Cell.NOT_YET, np.where(values > 0, Cell.PRESENT, Cell.ZERO)).astype(np.uint8)
    return Panel(np.arange(rows).astype(str), np.full(rows, ""), 24000, values, cells)


def test_planted_rates_come_back_apart():
    found = cohort_rates(panel_with({"churn": 0.02, "up": 0.06, "down": 0.03, "return": 0.0}))
    assert found.overall.churn == pytest.approx(0.02, rel=0.15)
    assert found.overall.expansion == pytest.approx(0.06 * 0.3, rel=0.15)
    assert found.overall.contraction == pytest.approx(0.03 * 0.5, rel=0.15)
    assert found.overall.reactivation == 0
    assert sum(found.account_months) > 50_000


def test_those_that_come_back_are_not_expansion():
    found = cohort_rates(panel_with({"churn": 0.05, "up": 0.0, "down": 0.0, "return": 0.2}))
    assert found.overall.reactivation > 0.01
    assert found.overall.expansion == 0


def test_a_band_with_few_account_months_is_pulled_to_all():
    panel = panel_with({"churn": 0.02, "up": 0.06, "down": 0.03, "return": 0.0}, rows=4)
    found = cohort_rates(panel)
    assert all(abs(rates.churn - found.overall.churn) < 0.05 for rates in found.bands)
    empty = next(number for number, months in enumerate(found.account_months) if months <= 2)
    assert found.bands[empty].expansion == pytest.approx(found.overall.expansion, abs=0.02)
