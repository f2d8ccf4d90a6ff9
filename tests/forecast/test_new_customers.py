"""Customers to come: planted arrivals, amounts and ramps come back out of time, with ranges that hold."""

import numpy as np
import pytest

from growthring.forecast.arrivals import fit_arrivals
from growthring.forecast.engines import Driver, together, two_engines
from growthring.forecast.new_customers import Deal, _drawn_ramps, from_pipeline, from_trend, newcomers, ramp_factors
from growthring.forecast.panel import Cell, Panel

RAMP = np.concatenate([[1, 1.4, 1.7, 1.9, 2.0], np.full(60, 2.0)])


def company(seed: int, months: int, *, rate: float = 8.0, growth: float = 0.02, dispersion: float = 2.0, channel: float = 0.5):
    """A panel of customers that come at a growing, overdispersed rate, bring a skewed amount, and grow along a ramp."""
    random = np.random.default_rng(seed)
    mean = rate * np.exp(growth * np.arange(months))
    counts = random.poisson(random.gamma(mean / (dispersion - 1), dispersion - 1)) if dispersion > 1 else random.poisson(mean)
    starts = np.repeat(np.arange(months), counts)
    first = random.lognormal(4, 0.8, len(starts))
    values = np.full((len(starts), months), np.nan)
    for row, start in enumerate(starts):
        values[row, start:] = first[row] * RAMP[: months - start]
    cells = np.where(np.isnan(values), Cell.NOT_YET, Cell.PRESENT).astype(np.uint8)
    names = np.array([f"a{row}" for row in range(len(starts))])
    channels = np.where(random.random(len(starts)) < channel, "self-serve", "sales")
    return Panel(names, np.full(len(names), ""), 24000, values, cells, "USD", {"channel": channels})


def to_come(panel: Panel, origin: int) -> np.ndarray:
    """Revenue of customers that begin after an origin."""
    return np.nansum(panel.values[panel.started > origin, origin + 1 :], axis=0)


def test_what_new_customers_bring_is_right_on_average_and_inside_the_range_out_of_time():
    covered, truths, means = 0, [], []
    for seed in range(150):
        panel = company(seed, 48, growth=(-0.02, 0.0, 0.02)[seed % 3])
        found = from_trend(newcomers(panel.through(24000 + 35)), 12, count=400)
        truth = to_come(panel, 35).sum()
        low, high = np.quantile(found.draws.sum(axis=1), [0.1, 0.9])
        covered += low <= truth <= high
        truths.append(truth)
        means.append(found.mean.sum())
    assert np.mean(means) == pytest.approx(np.mean(truths), rel=0.06)
    assert 0.70 <= covered / 150 <= 0.90


def test_nothing_after_the_origin_is_seen():
    panel = company(3, 40)
    cut = panel.through(24000 + 29)
    changed = panel.values.copy()
    changed[:, 30:] *= 7
    again = Panel(panel.accounts, panel.series, panel.first_month, changed, panel.cells, "", panel.attributes).through(24029)
    assert np.array_equal(from_trend(newcomers(cut), 6).draws, from_trend(newcomers(again), 6).draws)


def test_a_short_history_is_wider_and_says_so():
    def spread(months: int):
        found = [from_trend(newcomers(company(seed, months, growth=0.0)), 12, count=400) for seed in range(20)]
        widths = [np.subtract(*np.quantile(each.draws.sum(axis=1), [0.9, 0.1])) / each.mean.sum() for each in found]
        return np.median(widths), {note for each in found for note in each.notes}

    (long, told), (short, warned) = spread(36), spread(6)
    assert short > 1.3 * long
    assert not told
    assert any("too few for a trend" in note for note in warned)


def test_the_draws_agree_with_the_mean():
    found = from_trend(newcomers(company(9, 36)), 12, count=6000)
    assert found.draws.mean(axis=0) == pytest.approx(found.mean, rel=0.06)
    assert found.draws.shape == (6000, 12)


def test_overdispersion_and_growth_come_back():
    fits = [fit_arrivals(newcomers(company(seed, 30, rate=30, growth=0.03, dispersion=4)).counts) for seed in range(60)]
    assert np.mean([fit.dispersion for fit in fits]) == pytest.approx(4, rel=0.15)
    assert np.mean([fit.beta[1] for fit in fits]) == pytest.approx(0.03, abs=0.006)
    few = fit_arrivals(np.array([2.0, 3, 4, 6]))
    assert few.mean(12)[-1] < 20  # four months that double do not run away


def test_arrivals_that_wander_off_their_trend_are_given_a_wider_range_than_steady_ones():
    random = np.random.default_rng(6)
    steady = [fit_arrivals(random.poisson(30, 36).astype(float)).wobble for _ in range(20)]
    wandering = [
        fit_arrivals(random.poisson(30 * np.exp(random.normal(0, 0.2, 36).cumsum())).astype(float)).wobble for _ in range(20)
    ]
    assert np.median(wandering) > 0.25 > 0.1 > np.median(steady)


def test_the_ramp_of_past_cohorts_comes_back_with_leavers_counted():
    past = newcomers(company(1, 30))
    assert ramp_factors(past.amounts, 8) == pytest.approx(RAMP[:8], rel=1e-9)
    leaving = past.amounts.copy()
    leaving[::4, 1:] = np.where(np.isfinite(leaving[::4, 1:]), 0, np.nan)
    stayed = np.delete(np.arange(len(leaving)), np.s_[::4])
    known = np.isfinite(leaving[:, 1])
    expected = 1.4 * leaving[stayed][known[stayed], 0].sum() / leaving[known, 0].sum()
    assert ramp_factors(leaving, 2)[1] == pytest.approx(expected)


def test_a_new_product_of_an_old_customer_is_no_new_customer():
    values = np.array([[5.0, 5, 5, 5], [np.nan, np.nan, 9, 9], [np.nan, 4, 4, 4]])
    cells = np.where(np.isnan(values), Cell.NOT_YET, Cell.PRESENT).astype(np.uint8)
    panel = Panel(np.array(["old", "old", "new"]), np.array(["p", "q", "p"]), 24000, values, cells)
    past = newcomers(panel)
    assert past.counts.tolist() == [1, 0, 0]
    assert past.amounts.tolist() == [[4, 4, 4]]


def test_old_customers_that_the_data_see_for_the_first_time_are_doubted():
    starts = np.concatenate([np.repeat(np.arange(24), 5), np.repeat([1, 2, 3], 40)])
    values = np.where(np.arange(24) >= starts[:, None], 10.0, np.nan)
    cells = np.where(np.isnan(values), Cell.NOT_YET, Cell.PRESENT).astype(np.uint8)
    panel = Panel(np.arange(len(starts)).astype(str), np.full(len(starts), ""), 24000, values, cells)
    assert any("old ones" in note for note in from_trend(newcomers(panel), 3).notes)
    assert not from_trend(newcomers(company(2, 36)), 3).notes


def test_a_company_without_new_customers_is_told_so():
    values = np.full((3, 12), 5.0)
    panel = Panel(np.array(list("abc")), np.full(3, ""), 24000, values, np.full((3, 12), Cell.PRESENT, np.uint8))
    found = from_trend(newcomers(panel), 6)
    assert found.mean.sum() == 0 and "Nobody began" in found.notes[0]


def test_deals_arrive_at_their_chance_time_lag_and_ramp():
    deals = [Deal(100, 0.5, 1, "a"), Deal(40, 1.0, 0)]
    lags = {"a": np.array([0.0, 1.0]), "": np.array([1.0])}
    found = from_pipeline(deals, lags, np.array([0.5, 1.0]), 4, count=20_000)
    assert found.mean.tolist() == [20, 40, 40 + 25, 40 + 50]
    assert found.draws.mean(axis=0) == pytest.approx(found.mean, rel=0.02)
    assert set(np.unique(found.draws[:, 3])) == {40, 140}
    slipped = from_pipeline(deals, lags, np.array([1.0]), 4, slip=np.array([0.5, 0.5]))
    assert slipped.mean.tolist() == [20, 40, 40 + 25, 40 + 50]


def test_two_engines_add_up_to_the_total_in_the_mean_and_on_every_path():
    engines = two_engines(company(4, 36), 12)
    total = together(engines)
    assert [engine.name for engine in engines] == ["self-serve", "rep-created"]
    assert np.array_equal(total.mean, engines[0].ahead.mean + engines[1].ahead.mean)
    assert np.array_equal(total.draws, engines[0].ahead.draws + engines[1].ahead.draws)
    assert all(engine.past_customers > 50 for engine in engines)


def test_more_representatives_move_their_engine_alone_and_less_than_in_proportion():
    random = np.random.default_rng(0)
    months, reps = 36, np.concatenate([np.full(18, 5.0), np.linspace(5, 20, 18)])
    starts = np.repeat(np.arange(months), random.poisson(6 * np.sqrt(reps)))
    selfish = np.repeat(np.arange(months), random.poisson(10, months))
    began = np.concatenate([starts, selfish])
    values = np.where(np.arange(months) >= began[:, None], 10.0, np.nan)
    cells = np.where(np.isnan(values), Cell.NOT_YET, Cell.PRESENT).astype(np.uint8)
    channel = np.array(["sales"] * len(starts) + ["self-serve"] * len(selfish))
    panel = Panel(np.arange(len(began)).astype(str), np.full(len(began), ""), 24000, values, cells, "", {"channel": channel})

    def engines(ahead: float):
        return two_engines(panel, 6, drivers={"rep-created": Driver(reps, np.full(6, ahead))})

    held, doubled = engines(20.0), engines(40.0)
    assert held[1].elasticity == pytest.approx(0.5, abs=0.2)
    assert doubled[0].ahead.customers.tolist() == held[0].ahead.customers.tolist()
    assert 1.2 < doubled[1].ahead.customers[0] / held[1].ahead.customers[0] < 1.7


def test_many_customers_are_drawn_in_blocks_with_the_same_spread():
    random = np.random.default_rng(0)
    amounts = np.column_stack([np.full(4000, 10.0), random.choice([0.0, 30.0], 4000)])
    spread = _drawn_ramps(amounts, 2, 2000, random)[:, 1]
    assert spread.mean() == pytest.approx(ramp_factors(amounts, 2)[1], rel=0.01)
    assert spread.std() == pytest.approx(1.5 / np.sqrt(4000), rel=0.15)
