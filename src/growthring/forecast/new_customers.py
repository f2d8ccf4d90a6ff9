"""The layer of customers that do not exist yet: how many come, what they bring first, and how that grows (FC-12, FC-14).

Trend: arrivals by month × first amount × ramp. The ramp is the chain ladder of past cohorts (Mack 1993): the sum at an age over
the sum at the age before, over the customers seen at both; those that left count as nothing. Pipeline: the chance of each deal,
its time to close, its lag to revenue, and the same ramp.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.arrivals import ENOUGH, Arrivals, fit_arrivals
from growthring.forecast.panel import Cell, Panel
from growthring.forecast.paths import PATHS

Floats = NDArray[np.float64]

LEAST_NEWCOMERS = 20
"""Past new customers that first amounts and a ramp need before they are called known."""
_RECENT = 24
_BLOCKS = 400
_FIRST = 3


@dataclass(frozen=True)
class Newcomers:
    """What past new customers brought, from their first month on.

    Attributes:
        counts: New customers in each month in which one can be told from an old one, shape (months,).
        amounts: What each brought at each age; NaN beyond the last month known, shape (customers, ages).
    """

    counts: Floats
    amounts: Floats

    @property
    def is_enough(self) -> bool:
        """Whether there are enough of them to know what a new customer brings."""
        return len(self.amounts) >= LEAST_NEWCOMERS


def newcomers(panel: Panel) -> Newcomers:
    """Return the customers of a panel that began inside it; those there in its first month may be old.

    Rows of one account are added up: a new product of an old customer is no new customer.
    """
    last = panel.last_known + 1
    names, codes = np.unique(panel.accounts, return_inverse=True)
    values = np.zeros((len(names), last))
    np.add.at(values, codes, np.nan_to_num(panel.values[:, :last]))
    began = np.full(len(names), panel.months)
    first_paid = np.where((panel.values[:, :last] > 0).any(axis=1), (panel.values[:, :last] > 0).argmax(axis=1), panel.months)
    np.minimum.at(began, codes, first_paid)
    missing = (panel.cells[:, :last] == Cell.MISSING).all(axis=0)
    new = (began > 0) & (began < last)
    counts = np.bincount(began[new], minlength=last)[1:].astype(float)
    amounts = np.full((int(new.sum()), max(last - 1, 0)), np.nan)
    for row, (start, line) in enumerate(zip(began[new], values[new], strict=True)):
        amounts[row, : last - start] = np.where(missing[start:], np.nan, line[start:])
    return Newcomers(counts[~missing[1:]], amounts)


def ramp_factors(amounts: Floats, ages: int) -> Floats:
    """Return revenue at each age as a share of the first amount, shape (ages,).

    Args:
        amounts: Past customers by age, NaN where not known yet, shape (customers, known ages).
        ages: Ages wanted; beyond what was ever seen the last share is held.
    """
    before, now = _pairs(amounts, ages)
    shares: Floats = _shares(before.sum(axis=0, keepdims=True), now.sum(axis=0, keepdims=True))[0]
    return shares


def _pairs(amounts: Floats, ages: int) -> tuple[Floats, Floats]:
    """Return what each customer brought at the age before and at each age, where both are known, each (customers, ages)."""
    wide = np.full((len(amounts), ages), np.nan)
    seen = min(ages, amounts.shape[1])
    wide[:, :seen] = amounts[:, :seen]
    both = np.isfinite(wide[:, 1:]) & np.isfinite(wide[:, :-1])
    nothing = np.zeros((len(amounts), 1))
    before = np.hstack([nothing, np.where(both, wide[:, :-1], 0)])
    return before, np.hstack([nothing, np.where(both, wide[:, 1:], 0)])


def _shares(before: Floats, now: Floats) -> Floats:
    """Chain the steps from age to age; a step that nobody was seen to take is held, shape (draws, ages)."""
    steps = np.ones(before.shape)
    np.divide(now, before, out=steps, where=before > 0)
    return np.asarray(np.cumprod(np.maximum(steps, 0), axis=1), dtype=np.float64)


def _drawn_ramps(amounts: Floats, ages: int, count: int, random: np.random.Generator) -> Floats:
    """Draw ramps by the bootstrap of customers, or of random blocks of them where there are many, shape (count, ages)."""
    before, now = _pairs(amounts, ages)
    if len(amounts) > _BLOCKS:
        block = random.permutation(len(amounts)) % _BLOCKS
        sums = np.zeros((2, _BLOCKS, ages))
        for part, values in enumerate((before, now)):
            np.add.at(sums[part], block, values)
        before, now = sums
    weights = random.multinomial(len(before), np.full(len(before), 1 / len(before)), size=count).astype(float)
    return _shares(weights @ before, weights @ now)


def recent(amounts: Floats) -> NDArray[np.bool_]:
    """Return which past customers began in the last two years, or all of them where those are too few, shape (customers,)."""
    found: NDArray[np.bool_] = np.isfinite(amounts).sum(axis=1) <= _RECENT
    return found if found.sum() >= LEAST_NEWCOMERS else np.ones(len(amounts), bool)


@dataclass(frozen=True)
class NewCustomers:
    """Revenue of customers to come.

    Attributes:
        mean: Expected amount in each month ahead, shape (horizon,).
        draws: Drawn amounts, shape (paths, horizon); their average is near the mean.
        customers: Expected new customers in each month ahead, shape (horizon,).
        notes: What was too little to know, in words.
    """

    mean: Floats
    draws: Floats
    customers: Floats
    notes: tuple[str, ...] = ()


def from_trend(
    past: Newcomers, horizon: int, *, arrivals: Arrivals | None = None, count: int = PATHS, seed: int = 0
) -> NewCustomers:
    """Forecast customers to come from the trend of those that came.

    Args:
        past: Customers that came.
        horizon: Months ahead.
        arrivals: A fitted trend; fitted on the past when absent.
        count: Paths drawn.
        seed: Of the draws.
    """
    trend = arrivals or fit_arrivals(past.counts)
    if not len(past.amounts):
        nothing = "Nobody began inside the history, so nothing is known of new customers."
        return NewCustomers(np.zeros(horizon), np.zeros((count, horizon)), np.zeros(horizon), (nothing,))
    random = np.random.default_rng(seed)
    first = np.nan_to_num(past.amounts[recent(past.amounts), 0])
    ramp = ramp_factors(past.amounts, horizon)
    numbers = trend.draws(horizon, count, random)
    ramps = _drawn_ramps(past.amounts, horizon, count, random)
    brought = _sums(random, first, numbers)
    return NewCustomers(
        np.convolve(trend.mean(horizon) * first.mean(), ramp)[:horizon],
        _convolved(brought, ramps),
        trend.mean(horizon),
        _notes(past, trend),
    )


def _sums(random: np.random.Generator, first: Floats, numbers: NDArray[np.int64]) -> Floats:
    """Return sums of so many first amounts drawn from the past, shape of the numbers."""
    flat = numbers.ravel()
    drawn = np.concatenate([[0.0], np.cumsum(random.choice(first, size=int(flat.sum())))])
    ends = np.cumsum(flat)
    sums: Floats = (drawn[ends] - drawn[ends - flat]).reshape(numbers.shape)
    return sums


def _convolved(amounts: Floats, ramps: Floats) -> Floats:
    """Carry the amounts of each month along the ramp of their path, shape (paths, horizon)."""
    horizon = amounts.shape[1]
    carried = np.zeros_like(amounts)
    for age in range(horizon):
        carried[:, age:] += amounts[:, : horizon - age] * ramps[:, age : age + 1]
    return carried


def _notes(past: Newcomers, trend: Arrivals) -> tuple[str, ...]:
    found = []
    if not trend.is_enough:
        found.append(
            f"New customers are known for {trend.months} months, too few for a trend ({ENOUGH} are needed): the range is wide."
        )
    if not past.is_enough:
        found.append(
            f"{len(past.amounts)} past new customers: too few to know their amounts and ramp ({LEAST_NEWCOMERS} are needed)."
        )
    if len(past.counts) > 2 * _FIRST and past.counts[:_FIRST].mean() > 2 * past.counts[_FIRST:].mean():
        found.append(
            f"Far more customers begin in the first {_FIRST} months than later: they may be old ones that the data see for the "
            "first time, which makes the trend look like a fall."
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Deal:
    """An open deal.

    Attributes:
        amount: Recurring revenue a month once it is there.
        probability: Chance to be won, 0 to 1.
        close_month: Months ahead in which it is expected to close, 0 for the first.
        segment: Whose lag applies.
    """

    amount: float
    probability: float
    close_month: int
    segment: str = ""


def from_pipeline(
    deals: Sequence[Deal],
    lags: dict[str, Floats],
    ramp: Floats,
    horizon: int,
    *,
    slip: Floats | None = None,
    count: int = PATHS,
    seed: int = 0,
) -> NewCustomers:
    """Forecast customers to come from deals that are open today; what is not in the pipeline yet is not in it.

    Args:
        deals: The open deals.
        lags: By segment the chance to bring revenue in the month of the signature, the next …, shape (lags,); ``""`` for others.
        ramp: Revenue at each age as a share of the signed amount, shape (ages,).
        horizon: Months ahead.
        slip: Chance to close in the expected month, the next …; closes as expected when absent, shape (slips,).
        count: Paths drawn.
        seed: Of the draws.
    """
    random = np.random.default_rng(seed)
    late = np.ones(1) if slip is None else slip
    carried = np.array([ramp[min(age, len(ramp) - 1)] for age in range(horizon)])
    brought, mean, customers = np.zeros((count, horizon)), np.zeros(horizon), np.zeros(horizon)
    for deal in deals:
        chances = np.convolve(late, lags.get(deal.segment, lags.get("", np.ones(1))))
        timed = np.concatenate([np.zeros(deal.close_month), chances])
        ahead = np.concatenate([timed, np.zeros(horizon)])[:horizon] * deal.probability
        mean += ahead * deal.amount
        customers += ahead
        month = np.searchsorted(np.cumsum(ahead), random.random(count), side="right")
        won = np.flatnonzero(month < horizon)
        brought[won, month[won]] += deal.amount
    ramps = np.broadcast_to(carried, (count, horizon))
    note = "Only deals that are open today; customers whose deals open later are not in it."
    return NewCustomers(np.convolve(mean, carried)[:horizon], _convolved(brought, ramps), customers, (note,))
