"""The forecast by how firmly it is promised (FC-10), and what of it a fall in usage takes (PR-25)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from growthring.engine.relation import literal
from growthring.forecast.commitments.billing import BilledPaths, PoolPaths, bill_paths, settle
from growthring.forecast.commitments.burn_down import HIGH, LOW
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.forecasting.commitment_paths import Futures, futures_answer, open_futures, rates_into
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project
from growthring.pricing.reference import plain
from growthring.pricing.stored_rating import Rating

Amounts = NDArray[np.float64]
"""Reporting currency, shape (paths, months)."""

_TICK = 1e-4
PARTS = ("inside_commitments", "above_commitments", "beside_commitments", "sales_led", "self_serve")
SELF_SERVE = "channel=self-serve"
"""Accounts that buy by themselves, unless said otherwise."""
_DEFINITIONS = {
    "forecast_split": (
        "What price books are expected to bring, by how firmly it is promised. Commitments are applied to every future of usage: "
        "inside them (drawn, shortfalls, what expires), above them, other use of the same customers beside them, and customers "
        "without any. The floor is due even if committed customers use nothing more. Eight of ten futures lie in the interval."
    ),
    "exposure": (
        "The coming months by how firmly they are promised, and what a fall in usage takes: while commitments hold (low), and "
        "once they are renewed at the lower usage (high). Each is computed in every future; eight of ten lie in its interval."
    ),
}


def forecast_split(
    project: Project,
    *,
    months: int = 12,
    period: PeriodKind = PeriodKind.QUARTER,
    self_serve: str = SELF_SERVE,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer the forecast as contracted floor, drawdown, usage above commitments and self-serve, each with an interval (FC-10).

    Args:
        project: The project.
        months: Months ahead.
        period: Length of the periods shown.
        self_serve: ATTRIBUTE=VALUE of accounts that buy by themselves.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: ``self_serve`` names no attribute and value that an account has.
    """
    attribute, sign, value = self_serve.partition("=")
    if not sign:
        raise GrowthringError(
            f"Not an attribute and its value: {self_serve!r}.",
            valid="Valid: ATTRIBUTE=VALUE.",
            remedy=f"Write it as {SELF_SERVE}.",
        )
    if self_serve != SELF_SERVE:  # the default only says so: a company may sell nothing by itself
        KnownNames(project).require_attribute(attribute, value)
    futures = open_futures(project, months=months, as_of=as_of, progress=progress)
    currency = project.settings.project.currency
    reported = _Reported(futures, currency)
    own = account_values(futures.rating, attribute, futures.horizon.on)
    parts = {name: reported.zeros() for name in PARTS}
    for pool, code, billed in billed_pools(futures):
        if futures.commitments.get(pool):
            parts["inside_commitments"] += reported.of(billed.drawn + billed.true_up + billed.expired, code)
            parts["above_commitments"] += reported.of(billed.overage, code)
            parts["beside_commitments"] += reported.of(billed.uncommitted + billed.fees, code)
        else:
            parts["self_serve" if own.get(pool) == value else "sales_led"] += reported.of(billed.revenue, code)
    parts["total"] = np.sum(list(parts.values()), axis=0)
    rows = [
        _spread_row(name, label, part[:, columns].sum(axis=1), currency)
        for label, columns in _windows(project, futures, period)
        for name, part in parts.items()
    ]
    rows.append(_spread_row("floor", _whole(futures), _floor(futures, reported), currency))
    answer = futures_answer(
        project, "forecast_split", _DEFINITIONS["forecast_split"], rows[-2]["expected"], currency, futures, rows
    )
    if value not in own.values():
        answer.caveats.insert(0, f"No account has {self_serve}: nobody counts as self-serve.")
    answer.caveats.extend(reported.caveats())
    answer.caveats.append("A commitment that ends is not taken to be renewed: use after it counts as beside commitments.")
    answer.caveats.append("Only what price books rate is split; subscriptions at fixed prices are part of the whole forecast.")
    return answer


def exposure(
    project: Project,
    stress: Decimal,
    *,
    months: int = 12,
    by: str = "segment",
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer how much coming revenue nobody promised, and what a fall in usage takes, with intervals (PR-25).

    Args:
        project: The project.
        stress: Share by which usage falls, 0 to 1.
        months: Months ahead.
        by: The account attribute to split by.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: The stress is not a share, or no account has the attribute.
    """
    if not 0 <= stress <= 1:
        raise GrowthringError(
            f"The stress {plain(stress * 100)} % is not a share.", valid="Valid: 0 to 100.", remedy="Write --stress 20."
        )
    KnownNames(project).require_attribute(by)
    futures = open_futures(project, months=months, as_of=as_of, progress=progress)
    currency = project.settings.project.currency
    reported = _Reported(futures, currency)
    segments = account_values(futures.rating, by, futures.horizon.on)
    sums: dict[str, dict[str, Amounts]] = defaultdict(lambda: defaultdict(lambda: np.zeros(futures.horizon.paths)))
    pairs = zip(billed_pools(futures), billed_pools(futures, factor=1 - float(stress)), strict=True)
    for (pool, code, as_is), (_, _, fallen) in pairs:
        for group in (segments.get(pool) or "(unknown)", "total"):
            mine = sums[group]
            mine["committed"] += reported.of(as_is.drawn + as_is.true_up + as_is.expired, code).sum(axis=1)
            mine["contracted"] += reported.of(as_is.fees, code).sum(axis=1)
            mine["uncommitted"] += reported.of(as_is.uncommitted + as_is.overage, code).sum(axis=1)
            mine["at_risk_low"] += reported.of(as_is.revenue - fallen.revenue, code).sum(axis=1)
            mine["at_risk_high"] += reported.of(as_is.charged - fallen.charged, code).sum(axis=1)
    names = [*sorted(set(sums) - {"total"}), *(["total"] if sums else [])]
    rows = [{by: name} | _measures(sums[name], currency) for name in names]
    counted = f"groups under {plain(stress * 100)} % less usage"
    answer = futures_answer(project, "exposure", _DEFINITIONS["exposure"], max(len(names) - 1, 0), counted, futures, rows)
    answer.caveats.extend(reported.caveats())
    answer.caveats.append("A balance that ends later is drawn more slowly under stress: until then that counts as at risk, too.")
    return answer


def billed_pools(
    futures: Futures, *, pools: Sequence[str] | None = None, factor: float = 1.0
) -> Iterator[tuple[str, str, BilledPaths]]:
    """Yield what pools are billed in every future, by currency; every pool when none is named."""
    for pool, held in futures.walk(pools, factor=factor):
        yield from ((pool, code, billed) for code, billed in billed_in(held, futures))


def billed_in(held: PoolPaths, futures: Futures) -> Iterator[tuple[str, BilledPaths]]:
    """Yield what one pool is billed, by currency."""
    horizon = futures.horizon
    settled = settle(held, horizon.until)
    known = {each.currency for each in held.charges} | {each.currency for each in held.commitments if each.currency}
    for code in sorted(known):
        yield code, bill_paths(settled, code, horizon.first_month, horizon.months, horizon.paths)


def account_values(rating: Rating, attribute: str, on: date) -> dict[str, str]:
    """Return the value of an attribute by account on a day, as known then."""
    rows = rating.connection.execute(
        f"SELECT account_id, value FROM account_attribute WHERE attribute = ? AND known_at <= {literal(rating.terms.as_of)} "
        "AND (valid_from IS NULL OR valid_from <= ?) ORDER BY account_id, valid_from NULLS FIRST",
        [attribute, on],
    ).fetchall()
    return {account: value or "" for account, value in rows}


class _Reported:
    """Amounts of several currencies in the reporting one, at the last known rates."""

    def __init__(self, futures: Futures, currency: str) -> None:
        self._shape = (futures.horizon.paths, futures.horizon.months)
        self._rates = rates_into(futures.rating, currency)
        self._missing: set[str] = set()

    def zeros(self) -> Amounts:
        return np.zeros(self._shape)

    def of(self, amounts: NDArray[np.int64], currency: str) -> Amounts:
        rate = self._rates.get(currency)
        if rate is None:
            self._missing.add(currency)
            return self.zeros()
        return np.asarray(amounts * (rate * _TICK), dtype=np.float64)

    def caveats(self) -> list[str]:
        if not self._missing:
            return []
        missing = ", ".join(sorted(self._missing))
        return [f"No exchange rate for {missing}: what is billed in it is left out. Add an fx_rate source."]


def _floor(futures: Futures, reported: _Reported) -> Amounts:
    """Return what pools with commitments are billed over the whole horizon if nothing is used any more, by future."""
    total: Amounts = np.zeros(futures.horizon.paths)
    for _, held in futures.walk(sorted(pool for pool, each in futures.commitments.items() if each), factor=0.0):
        for code, billed in billed_in(held, futures):
            total = total + reported.of(billed.revenue, code).sum(axis=1)
    return total


def _windows(project: Project, futures: Futures, kind: PeriodKind) -> Iterator[tuple[str, slice]]:
    """Yield the label and the columns of every period of the horizon, cut at its ends, and of the whole horizon."""
    horizon, calendar = futures.horizon, project.calendar
    column = 0
    while column < horizon.months:
        month = Month(horizon.first_month + column)
        first, last = calendar.period_of(month, kind)
        stop = min(last.index + 1 - horizon.first_month, horizon.months)
        label = calendar.label(last, kind)
        is_part = first.index < horizon.first_month or last.index >= horizon.first_month + horizon.months
        yield f"{label} (part)" if is_part else label, slice(column, stop)
        column = stop
    yield _whole(futures), slice(0, horizon.months)


def _whole(futures: Futures) -> str:
    return f"{futures.horizon.months} months"


def _spread_row(part: str, label: str, amounts: Amounts, currency: str) -> dict[str, Any]:
    low, high = np.quantile(amounts, [LOW, HIGH])
    return {
        "period": label,
        "part": part,
        "expected": as_money(float(amounts.mean()), currency),
        "low80": as_money(float(low), currency),
        "high80": as_money(float(high), currency),
    }


def _measures(sums: Mapping[str, Amounts], currency: str) -> dict[str, str]:
    found = {}
    for name, amounts in sums.items():
        low, high = np.quantile(amounts, [LOW, HIGH])
        found[name] = as_money(float(amounts.mean()), currency)
        if name not in {"contracted"}:
            found |= {f"{name}_low80": as_money(float(low), currency), f"{name}_high80": as_money(float(high), currency)}
    return found


def as_money(value: float, currency: str) -> str:
    """Return an amount that was computed in floats as exact text with the currency's decimals."""
    return money(Decimal(repr(value)), currency)
