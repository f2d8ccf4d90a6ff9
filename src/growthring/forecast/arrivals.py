"""How many new customers come in a month: a log-linear trend with the overdispersion and the doubt that the history leaves.

A quasi-Poisson regression (McCullagh, Nelder 1989, ch. 9) on the latest months. The slope is held towards none by a normal prior,
so that a few months cannot run away; the dispersion is drawn from its scaled inverse chi-square, so that a short history is wide.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW = 36
"""Latest months that are read."""
ENOUGH = 12
"""Months from which a trend is told; with fewer the slope is mostly the prior's, and the answer says so."""
SLOPE_SPREAD = 0.03
"""Prior standard deviation of the monthly growth rate of arrivals: 95 % within ±6 % a month."""
_STEPS = 50
_ROUNDS = 3
_CHECKED = 6


@dataclass(frozen=True)
class Arrivals:
    """A fitted trend of new customers a month.

    Attributes:
        beta: Level at the last month, monthly slope and, with a driver, its elasticity, shape (terms,).
        covariance: Of beta, shape (terms, terms).
        dispersion: Variance over mean, at least 1.
        months: Months it was fitted on.
        driver: Logs of the driver in the months ahead less its log in the last month, or nothing, shape (horizon,).
        wobble: Standard deviation, in logs, of what earlier fits missed the half year after them by, beyond their doubt.
    """

    beta: Floats
    covariance: Floats
    dispersion: float
    months: int
    driver: Floats | None = None
    wobble: float = 0.0

    @property
    def is_enough(self) -> bool:
        """Whether the history is long enough to tell a trend."""
        return self.months >= ENOUGH

    def mean(self, horizon: int) -> Floats:
        """Return the expected number of new customers in each month ahead, shape (horizon,)."""
        return np.exp(self._design(horizon) @ self.beta)

    def draws(self, horizon: int, count: int, random: np.random.Generator) -> NDArray[np.int64]:
        """Return drawn numbers of new customers, shape (count, horizon), whose average is the mean."""
        freedom = max(self.months - len(self.beta), 1)
        factor = freedom / random.chisquare(freedom, count)
        dispersion = np.maximum(self.dispersion * factor, 1.0)
        root = np.linalg.cholesky(self.covariance + 1e-12 * np.eye(len(self.beta)))
        shift = random.standard_normal((count, len(self.beta))) @ root.T * np.sqrt(factor)[:, None]
        rate = np.exp(np.clip((self.beta + shift) @ self._design(horizon).T, -20, 15))
        rate *= np.exp(self.wobble * random.standard_normal((count, 1)))
        rate *= self.mean(horizon) / np.maximum(rate.mean(axis=0), 1e-12)
        excess = np.maximum(dispersion - 1, 1e-9)[:, None]
        drawn: NDArray[np.int64] = random.poisson(random.gamma(np.maximum(rate / excess, 1e-9), excess))
        return drawn

    def _design(self, horizon: int) -> Floats:
        columns = [np.ones(horizon), np.arange(1, horizon + 1, dtype=float)]
        if self.driver is not None:
            columns.append(_ahead(self.driver, horizon))
        return np.column_stack(columns)


def _ahead(values: Floats, horizon: int) -> Floats:
    """Hold a driver at its last value beyond what is given of it."""
    last = values[-1] if len(values) else 0.0
    return np.concatenate([values, np.full(max(horizon - len(values), 0), last)])[:horizon]


def fit_arrivals(counts: Floats, *, driver: Floats | None = None, driver_ahead: Floats | None = None) -> Arrivals:
    """Fit the trend of new customers.

    Args:
        counts: New customers by month, the latest last, shape (months,).
        driver: What the arrivals hang on, such as representatives or trials, positive, shape (months,). Its elasticity is held
            towards one half by a normal prior with standard deviation a half: below 1 each more brings less (saturation).
        driver_ahead: The driver in the months ahead; held at its last value where absent, shape (horizon,).
    """
    counts = np.asarray(counts, dtype=float)[-WINDOW:]
    found = _trend(counts, driver, driver_ahead)
    return replace(found, wobble=_wobble(counts)) if driver is None else found


def _trend(counts: Floats, driver: Floats | None = None, driver_ahead: Floats | None = None) -> Arrivals:
    months = len(counts)
    level = max(float(counts.mean()) if months else 0.0, 0.1)
    columns = [np.ones(months), np.arange(1 - months, 1, dtype=float)]
    centre, precision = [np.log(level), 0.0], [1e-6 if months >= 2 else 1.0, SLOPE_SPREAD**-2]
    ahead = None
    if driver is not None:
        logs = np.log(np.maximum(np.asarray(driver, dtype=float), 1e-9))
        ahead = np.log(np.maximum(driver_ahead, 1e-9)) - logs[-1] if driver_ahead is not None else np.zeros(1)
        columns.append(logs[-WINDOW:] - logs[-1])
        centre, precision = [*centre, 0.5], [*precision, 4.0]
    design, prior, towards = np.column_stack(columns), np.diag(precision), np.array(centre)
    beta, dispersion = towards.copy(), 1.0
    for _ in range(_ROUNDS):
        beta, information = _fit(design, counts, beta, prior, towards, dispersion)
        mean = np.exp(np.clip(design @ beta, -20, 20))
        excess = float(((counts - mean) ** 2 / np.maximum(mean, 1e-9)).sum()) / max(months - len(beta), 1)
        dispersion = max(excess, 1.0)
    return Arrivals(beta, np.asarray(np.linalg.inv(information), dtype=np.float64), dispersion, months, ahead)


def _wobble(counts: Floats) -> float:
    """Return what the trend missed at earlier origins beyond its own doubt; nothing is seen after each origin."""
    excess = []
    for origin in range(ENOUGH, len(counts) - _CHECKED + 1):
        trend = _trend(counts[:origin])
        mean = trend.mean(_CHECKED)
        came = counts[origin : origin + _CHECKED].sum()
        average = trend._design(_CHECKED).mean(axis=0)
        expected = trend.dispersion / mean.sum() + average @ trend.covariance @ average
        excess.append(np.log(max(came, 0.5) / mean.sum()) ** 2 - expected)
    return float(np.sqrt(max(np.mean(excess), 0.0))) if excess else 0.0


def _fit(
    design: Floats, counts: Floats, beta: Floats, prior: Floats, towards: Floats, dispersion: float
) -> tuple[Floats, Floats]:
    """Return the mode of the quasi-posterior and its information, by Newton's steps of at most 1."""
    beta = beta.copy()
    for _ in range(_STEPS):
        mean = np.exp(np.clip(design @ beta, -20, 20))
        information = design.T @ (mean[:, None] * design) / dispersion + prior
        step = np.linalg.solve(information, design.T @ (counts - mean) / dispersion - prior @ (beta - towards))
        beta += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-10:
            break
    mean = np.exp(np.clip(design @ beta, -20, 20))
    return beta, design.T @ (mean[:, None] * design) / dispersion + prior
