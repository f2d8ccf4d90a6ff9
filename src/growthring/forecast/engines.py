"""Two engines of demand: self-serve, which hangs on the market, and what representatives create (FC-16)."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.arrivals import fit_arrivals
from growthring.forecast.new_customers import NewCustomers, from_trend, newcomers
from growthring.forecast.panel import Panel
from growthring.forecast.paths import PATHS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Engine:
    """One engine and what it brings.

    Attributes:
        name: ``self-serve`` or ``rep-created``.
        ahead: What customers of it to come bring.
        past_customers: How many began inside the history.
        elasticity: Relative change of arrivals for a relative change of its driver; nothing without one. Below 1 it saturates.
    """

    name: str
    ahead: NewCustomers
    past_customers: int
    elasticity: float | None


@dataclass(frozen=True)
class Driver:
    """What an engine hangs on.

    Attributes:
        past: Its value in each month of the panel, shape (months,).
        ahead: Its value in each month ahead, shape (horizon,).
    """

    past: Floats
    ahead: Floats


def two_engines(
    panel: Panel,
    horizon: int,
    *,
    self_serve: Collection[str] = ("self-serve",),
    attribute: str = "channel",
    drivers: dict[str, Driver] | None = None,
    count: int = PATHS,
    seed: int = 0,
) -> list[Engine]:
    """Forecast new customers of both engines apart; their total is the sum of the two, path by path.

    Args:
        panel: History of all customers, with the attribute.
        horizon: Months ahead.
        self_serve: Values of the attribute that mean no representative was needed.
        attribute: The attribute that tells the engines apart.
        drivers: Driver by engine name; without one an engine has its own trend only.
        count: Paths drawn.
        seed: Of the draws.
    """
    channel = panel.attributes.get(attribute, np.full(panel.rows, ""))
    serves_itself = np.isin(channel, list(self_serve))
    found = []
    for number, (name, mask) in enumerate((("self-serve", serves_itself), ("rep-created", ~serves_itself))):
        past = newcomers(panel.take(mask)) if mask.any() else None
        if past is None:
            nothing = NewCustomers(np.zeros(horizon), np.zeros((count, horizon)), np.zeros(horizon), (f"No {name} customers.",))
            found.append(Engine(name, nothing, 0, None))
            continue
        driver = (drivers or {}).get(name)
        months = len(past.counts)
        trend = (
            fit_arrivals(past.counts, driver=driver.past[-months:], driver_ahead=driver.ahead)
            if driver
            else fit_arrivals(past.counts)
        )
        ahead = from_trend(past, horizon, arrivals=trend, count=count, seed=seed + number)
        ahead = replace(ahead, notes=tuple(f"{name}: {note}" for note in ahead.notes))
        found.append(Engine(name, ahead, len(past.amounts), float(trend.beta[2]) if driver else None))
    return found


def together(engines: list[Engine]) -> NewCustomers:
    """Return the total of the engines: the exact sum, in the mean and in every path."""
    parts = [engine.ahead for engine in engines]
    return NewCustomers(
        sum((part.mean for part in parts), np.zeros_like(parts[0].mean)),
        sum((part.draws for part in parts), np.zeros_like(parts[0].draws)),
        sum((part.customers for part in parts), np.zeros_like(parts[0].customers)),
        tuple(note for part in parts for note in part.notes),
    )
