"""Panels with a planted truth: growth by segment, departures, common shocks, noise by account, seasons."""

import numpy as np

from growthring.forecast.panel import Cell, Panel

FIRST = 2021 * 12


def panel_of_values(values: np.ndarray, segment: list[str] | np.ndarray | None = None, first_month: int = FIRST) -> Panel:
    """Return the panel of hand-written values; NaN is missing before nothing, 0 is a month without use."""
    values = np.asarray(values, dtype=np.float64)
    cells = np.where(np.isnan(values), Cell.MISSING, np.where(values == 0, Cell.ZERO, Cell.PRESENT)).astype(np.uint8)
    return panel(values, cells, segment, first_month)


def panel(
    values: np.ndarray, cells: np.ndarray, segment: list[str] | np.ndarray | None = None, first_month: int = FIRST
) -> Panel:
    """Return a panel with accounts named by their place."""
    rows = len(values)
    attributes = {} if segment is None else {"segment": np.asarray(segment, dtype=str)}
    accounts = np.array([f"a{row:05d}" for row in range(rows)], dtype="U8")
    return Panel(accounts, np.full(rows, ""), first_month, values, cells, "USD per month", attributes)


def simulated(
    *,
    rows: int = 300,
    months: int = 36,
    seed: int = 0,
    growth: dict[str, float] | None = None,
    churn: float | dict[str, float] = 0.0,
    noise: float | np.ndarray = 0.05,
    shock: float = 0.0,
    season: np.ndarray | None = None,
    late: float = 0.0,
) -> Panel:
    """Return accounts whose log usage is a random walk with the growth of their segment.

    Args:
        rows: Accounts.
        months: Months.
        seed: Which world.
        growth: Log growth a month by segment.
        churn: Chance to leave in a month, by segment or for all.
        noise: Standard deviation of an account's own monthly step; one for all or one each.
        shock: Standard deviation of a step that all accounts share.
        season: Log level of each calendar month, shape (12,).
        late: Share of accounts that begin in a later month.
    """
    chance = np.random.default_rng(seed)
    rates = growth or {"all": 0.02}
    names = np.array(sorted(rates))[np.arange(rows) % len(rates)]
    drift = np.array([rates[name] for name in names])
    steps = chance.normal(0, 1, (rows, months)) * np.broadcast_to(np.asarray(noise), (rows,))[:, None]
    steps += drift[:, None] + chance.normal(0, shock, months)[None, :]
    log = np.log(100.0) + chance.normal(0, 1, rows)[:, None] + np.cumsum(steps, axis=1)
    if season is not None:
        log += season[(FIRST + np.arange(months)) % 12]
    values = np.exp(log)
    cells = np.full(values.shape, Cell.PRESENT, np.uint8)
    begins = np.where(chance.random(rows) < late, chance.integers(1, max(months - 2, 2), rows), 0)
    hazard = np.array([churn[name] if isinstance(churn, dict) else churn for name in names])
    life = np.where(hazard > 0, chance.geometric(np.maximum(hazard, 1e-9)), months + 1)
    column = np.arange(months)
    cells[column < begins[:, None]] = Cell.NOT_YET
    cells[column >= (begins + life)[:, None]] = Cell.GONE
    values[(cells == Cell.NOT_YET) | (cells == Cell.GONE)] = np.nan
    return panel(values, cells, names)
