"""The bridge between two ends over a window: parts that add up to the difference exactly, by account and month."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from growthring.forecast.bridge.cells import Amounts, Cells, side_by_side
from growthring.forecast.bridge.ends import End
from growthring.forecast.bridge.parts import attribute, price_ratio
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month


@dataclass(frozen=True)
class Bridge:
    """Why two ends differ over a window.

    Attributes:
        first: The end it starts from.
        second: The end it leads to.
        window: First and last month.
        start: What the first end says of the window.
        end: What the second end says of it.
        by_account: Share of each part by account, exact, largest first within a part.
        by_month: Share of each part by month.
        unsplit: Sum of the sizes of volume changes whose price is not known, so that price is in them.
        mixed: Accounts billed in several currencies, whose exchange rates and prices are in volume.
        beside: Months beside the window that timing was looked for in.
    """

    first: End
    second: End
    window: tuple[Month, Month]
    start: Decimal
    end: Decimal
    by_account: dict[str, dict[str, Decimal]]
    by_month: dict[str, dict[Month, Decimal]]
    unsplit: Decimal
    mixed: tuple[str, ...]
    beside: tuple[Month, ...]

    @property
    def parts(self) -> dict[str, Decimal]:
        """Share of each part, in the order in which they take their shares; together the difference."""
        return {part: sum(shares.values(), Decimal(0)) for part, shares in self.by_account.items()}

    @property
    def difference(self) -> Decimal:
        """The second end less the first."""
        return self.end - self.start

    @property
    def residual(self) -> Decimal:
        """What no part explains: 0."""
        return self.difference - sum(self.parts.values(), Decimal(0))

    def reversed(self) -> "Bridge":
        """Return the way back: every share negated."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            start=self.end,
            end=self.start,
            by_account={part: _negated(shares) for part, shares in self.by_account.items()},
            by_month={part: _negated(shares) for part, shares in self.by_month.items()},
        )


def bridge(first: End, second: End, window: tuple[Month, Month] | None = None, *, rerun: End | None = None) -> Bridge:
    """Explain the difference between two forecasts, or a forecast and what came, over a window of months.

    Parts take their shares in the order of `PARTS`, always from the end known first to the other one; asked the other way
    round, every share is negated.

    Args:
        first: The end to start from.
        second: The end to lead to.
        window: First and last month; the months that both ends forecast or one forecasts and the other knows when absent.
        rerun: A forecast of the later end's model on the earlier end's data, which tells change of model from change of use.

    Raises:
        GrowthringError: The ends measure different things, or do not both speak of the window.
    """
    _require_comparable(first, second)
    if second.order < first.order:
        return bridge(second, first, window, rerun=rerun).reversed()
    chosen = window or _common(first, second)
    _require_spoken((first, second), chosen)
    before, after = chosen
    beside = [month for month in (before.index - 1, after.index + 1) if first.origin < month <= _last(first, second)]
    months = np.arange(min([before.index, *beside]), max([after.index, *beside]) + 1)
    cells = side_by_side(first, second, months, rerun)
    shares = attribute(
        cells, same_model=second.is_actual or first.model == second.model, same_origin=first.origin == second.origin
    )
    inside = slice(before.index - int(months[0]), after.index - int(months[0]) + 1)
    return Bridge(
        first=first,
        second=second,
        window=chosen,
        start=_exact(int(cells.earlier.total[:, inside].sum())),
        end=_exact(int(cells.later.total[:, inside].sum())),
        by_account=_by_account(cells, shares, inside),
        by_month={
            part: {
                Month(int(month)): _exact(int(total))
                for month, total in zip(months[inside], amounts[:, inside].sum(axis=0), strict=True)
            }
            for part, amounts in shares.items()
            if amounts[:, inside].any()
        },
        unsplit=_unsplit(cells, shares, inside),
        mixed=tuple(np.unique(cells.accounts[cells.earlier.is_mixed | cells.later.is_mixed].astype(str)).tolist()),
        beside=tuple(Month(month) for month in beside),
    )


def _by_account(cells: Cells, shares: Mapping[str, Amounts], inside: slice) -> dict[str, dict[str, Decimal]]:
    names = np.unique(cells.accounts.astype(str))
    found: dict[str, dict[str, Decimal]] = {}
    for part, amounts in shares.items():
        summed = np.zeros(len(names), dtype=np.int64)
        np.add.at(summed, cells.account_of, amounts[:, inside].sum(axis=1))
        order = np.lexsort((names, -np.abs(summed)))
        listed = {str(names[index]): _exact(int(summed[index])) for index in order if summed[index]}
        if listed:
            found[part] = listed
    return found


def _unsplit(cells: Cells, shares: Mapping[str, Amounts], inside: slice) -> Decimal:
    volume = shares.get("volume")
    if volume is None:
        return Decimal(0)
    unknown = ~np.isfinite(price_ratio(cells))
    return _exact(int(np.abs(np.where(unknown, volume, 0))[:, inside].sum()))


def _require_comparable(first: End, second: End) -> None:
    for what, one, other in (("measure", first.measure, second.measure), ("unit", first.unit, second.unit)):
        if one != other:
            raise GrowthringError(
                f"The two ends have another {what}: {one} and {other}.", valid="A bridge has two ends of one measure and unit."
            )
    if first.is_actual and second.is_actual:
        raise GrowthringError(
            "Neither end is a forecast.", valid="A bridge leads from a forecast to another one, or to `actual`."
        )


def _common(first: End, second: End) -> tuple[Month, Month]:
    """Return the months after the earlier origin that both ends speak of."""
    start, end = first.origin + 1, _last(first, second)
    if end < start:
        raise GrowthringError(
            f"{first} and {second} have no month in common that was forecast.",
            valid=f"The first speaks of months up to {Month(first.last_month)}, the second up to {Month(second.last_month)}.",
            remedy="Wait for a month to be complete, or bridge two forecasts that overlap.",
        )
    return Month(start), Month(end)


def _require_spoken(ends: tuple[End, End], window: tuple[Month, Month]) -> None:
    for end in ends:
        if window[0].index < end.first_month or window[1].index > end.last_month:
            raise GrowthringError(
                f"{end} does not speak of all months from {window[0]} to {window[1]}.",
                valid=f"It speaks of {Month(end.first_month)} to {Month(end.last_month)}.",
                remedy="Name a --window inside it.",
            )


def _last(first: End, second: End) -> int:
    return min(first.last_month, second.last_month)


def _negated(shares: "Mapping[str, Decimal] | Mapping[Month, Decimal]") -> dict[Any, Decimal]:
    return {key: -share for key, share in shares.items()}


def _exact(units: int) -> Decimal:
    return Decimal(units).scaleb(-4)
