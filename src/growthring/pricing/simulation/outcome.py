"""From amounts by account and month to what a scenario means: revenue, winners and losers, bill shock, cohorts, margin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from growthring.kernel.currency import exponent
from growthring.kernel.period import Month
from growthring.pricing.simulation.kernel import Whole
from growthring.pricing.simulation.rerating import AMOUNT_DECIMALS, Cells
from growthring.pricing.simulation.result import Beyond, BillShock, Bucket, Change, Cohort, Margin, Outcome

_QUANTILES = ("0.01", "0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95", "0.99")
_EDGES = (-50, -25, -10, -5, 0, 5, 10, 25, 50, 100)
_RATIO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Costs:
    """What serving the usage costs.

    Attributes:
        amounts: Ten-thousandths by cell.
        target: Margin to be met, as a share of revenue.
    """

    amounts: Whole
    target: Decimal | None


@dataclass(frozen=True, slots=True)
class Sums:
    """Amounts added up over cells with the same key and currency, in ten-thousandths."""

    keys: NDArray[Any]
    currencies: NDArray[np.intp]
    before: Whole
    after: Whole


def outcome(
    cells: Cells, after: Whole, segments: Mapping[str, NDArray[np.object_]], beyond: Sequence[Decimal], costs: Costs | None
) -> Outcome:
    """Say what it means that accounts pay these amounts.

    Args:
        cells: The months of accounts, with what they paid.
        after: What they would pay, in ten-thousandths by cell.
        segments: Values by cell of each attribute.
        beyond: Shares in percent whose excess is reported; the first is what is tolerated.
        costs: What serving costs, if known.
    """
    by_account = summed(cells, after, cells.accounts)
    accounts = changes(cells, by_account, lambda key: cells.account_names[int(key)])
    monthly = Sums(cells.accounts, cells.currencies, cells.baseline, after)
    return Outcome(
        totals=changes(cells, summed(cells, after, np.zeros(len(after), dtype=np.int64)), lambda _: ""),
        months=changes(cells, summed(cells, after, cells.months), lambda key: str(Month(int(key)))),
        segments={name: changes(cells, summed(cells, after, values), str) for name, values in segments.items()},
        accounts=tuple(sorted(accounts, key=lambda each: (each.change, each.key, each.currency))),
        shocks=(_shock(cells, by_account, "account", beyond), _shock(cells, monthly, "account_month", beyond)),
        cohorts=_cohorts(cells, by_account, beyond),
        margins=_margins(cells, after, by_account, costs) if costs else (),
    )


def summed(cells: Cells, after: Whole, keys: NDArray[Any]) -> Sums:
    """Add amounts up by key and currency, exactly."""
    distinct, codes = np.unique(keys, return_inverse=True)
    width = max(len(cells.currency_names), 1)
    pairs, places = np.unique(codes * width + cells.currencies, return_inverse=True)
    before_sum, after_sum = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs), dtype=np.int64)
    np.add.at(before_sum, places, cells.baseline)
    np.add.at(after_sum, places, after)
    return Sums(distinct[pairs // width], pairs % width, before_sum, after_sum)


def changes(cells: Cells, sums: Sums, name: Callable[[Any], str]) -> tuple[Change, ...]:
    """Write sums as rows."""
    rows = zip(sums.keys.tolist(), sums.currencies.tolist(), sums.before.tolist(), sums.after.tolist(), strict=True)
    return tuple(_change(name(key), cells.currency_names[currency], before, after) for key, currency, before, after in rows)


def money(amount: int, currency: str) -> Decimal:
    """Return ten-thousandths as an amount, rounded to the minor unit where they are finer."""
    return Decimal(amount).scaleb(-AMOUNT_DECIMALS).quantize(Decimal(1).scaleb(-exponent(currency)), ROUND_HALF_UP)


def ratio(part: int, whole: int) -> Decimal | None:
    """Return a ratio to six decimals; nothing over nothing."""
    return (Decimal(part) / Decimal(whole)).quantize(_RATIO, ROUND_HALF_UP) if whole > 0 else None


def _change(key: str, currency: str, before: int, after: int) -> Change:
    return Change(
        key,
        currency,
        money(before, currency),
        money(after, currency),
        money(after - before, currency),
        ratio(after - before, before),
    )


def _rises_beyond(sums: Sums, percent: Decimal) -> NDArray[np.bool_]:
    """Decide on whole numbers whether an amount rises by more than a share."""
    numerator, denominator = (percent / 100).as_integer_ratio()
    return (sums.before > 0) & ((sums.after - sums.before) * denominator > sums.before * numerator)


def _shock(cells: Cells, sums: Sums, grain: str, beyond: Sequence[Decimal]) -> BillShock:
    paid = sums.before > 0
    before, after = sums.before[paid], sums.after[paid]
    order = np.argsort((after - before) / np.maximum(before, 1), kind="stable")
    quantiles: dict[str, Decimal] = {}
    for share in _QUANTILES if len(order) else ():
        place = order[max(-(-len(order) * int(Decimal(share) * 100) // 100) - 1, 0)]
        quantiles[share] = ratio(int(after[place] - before[place]), int(before[place])) or Decimal(0)
    up_to = [int(((after - before) * 100 <= before * edge).sum()) for edge in _EDGES]
    counts = np.diff([0, *up_to, len(before)]).tolist()
    histogram = tuple(Bucket(low, high, count) for low, high, count in zip((None, *_EDGES), (*_EDGES, None), counts, strict=True))
    return BillShock(
        grain, len(before), int(((sums.before <= 0) & (sums.after > 0)).sum()), quantiles, histogram,
        tuple(_beyond(cells, sums, percent) for percent in beyond),
    )  # fmt: skip


def _beyond(cells: Cells, sums: Sums, percent: Decimal) -> Beyond:
    up = _rises_beyond(sums, percent)
    down = _rises_beyond(Sums(sums.keys, sums.currencies, sums.before, 2 * sums.before - sums.after), percent)
    paid = {
        code: money(int(sums.before[up & (sums.currencies == place)].sum()), code)
        for place, code in enumerate(cells.currency_names)
    }
    return Beyond(percent, int(up.sum()), int(down.sum()), paid)


def _cohorts(cells: Cells, sums: Sums, beyond: Sequence[Decimal]) -> tuple[Cohort, ...]:
    """Split accounts by what happens to their bills; those that pay less can be moved first."""
    tolerated, *higher = sorted(beyond) or [Decimal(0)]
    above = {percent: _rises_beyond(sums, percent) for percent in (tolerated, *higher)}
    groups = [
        ("pays less", sums.after < sums.before, False),
        ("pays the same", sums.after == sums.before, False),
        (
            f"pays up to {tolerated.normalize():f} % more",
            (sums.after > sums.before) & (sums.before > 0) & ~above[tolerated],
            False,
        ),
    ]
    bounds = [tolerated, *higher]
    for low, high in zip(bounds, [*bounds[1:], None], strict=True):
        words = (
            f"{low.normalize():f} to {high.normalize():f} % more" if high is not None else f"more than {low.normalize():f} % more"
        )
        groups.append((f"pays {words}", above[low] & ~above[high] if high is not None else above[low], True))
    groups.append(("paid nothing before", (sums.before <= 0) & (sums.after > sums.before), False))
    found = []
    for name, members, is_at_risk in groups:
        for place, code in enumerate(cells.currency_names):
            mine = members & (sums.currencies == place)
            if mine.any():
                before = money(int(sums.before[mine].sum()), code)
                after = money(int(sums.after[mine].sum()), code)
                found.append(Cohort(name, code, int(mine.sum()), before, after, before if is_at_risk else Decimal(0)))
    return tuple(found)


def _margins(cells: Cells, after: Whole, by_account: Sums, costs: Costs) -> tuple[Margin, ...]:
    of_accounts = summed(cells, costs.amounts, cells.accounts).after
    found = []
    for place, code in enumerate(cells.currency_names):
        mine = cells.currencies == place
        cost, before, now = (int(each[mine].sum()) for each in (costs.amounts, cells.baseline, after))
        accounts = by_account.currencies == place
        floor = below = None
        if costs.target is not None:
            numerator, denominator = (1 - costs.target).as_integer_ratio()
            floor = (Decimal(cost) * denominator / numerator).scaleb(-AMOUNT_DECIMALS)
            floor = floor.quantize(Decimal(1).scaleb(-exponent(code)), ROUND_CEILING)
            pairs = zip(by_account.after[accounts].tolist(), of_accounts[accounts].tolist(), strict=True)
            below = sum(revenue * numerator < spent * denominator for revenue, spent in pairs)
        found.append(
            Margin(
                code, money(cost, code), money(before - cost, code), money(now - cost, code),
                ratio(before - cost, before), ratio(now - cost, now), floor, below,
            )
        )  # fmt: skip
    return tuple(found)
