"""The track record: how published forecasts compare with what came, months ahead: the model alone, and with people (FC-27).

Accounts are scored where a forecast names them, but for months in which it expected nothing and nothing came: they would make any
forecast look good. The total is scored over all customers when a forecast expects new ones, too, and over the accounts it names
when it does not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from growthring.forecast.layers import COMPUTED
from growthring.forecast.snapshots import NEW_CUSTOMERS, StoredForecast

_BETWEEN = "\x1f"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """Sums over scored cells, so that scores of several forecasts add up; every error is forecast less actual.

    Attributes:
        forecasts: Forecasts behind it.
        cells: Account-months scored.
        actual: Size of what came.
        model_error: Size of the model's errors.
        merged_error: Size of the errors of the forecast as published.
        model_bias: The model's errors, signed.
        merged_bias: The published forecast's errors, signed.
        touched: Account-months that people changed.
        touched_actual: Size of what came in them.
        touched_model: Size of the model's errors in them.
        touched_human: Size of the errors of what people left in them.
        totals: Monthly totals scored.
        total_actual: Size of what came in total.
        total_model: Size of the model's errors of the total.
        total_merged: Size of the published forecast's errors of the total.
        account_ranged: Account-months that were published with a range.
        account_inside80: Those whose 80 % range held what came.
        account_inside95: The same at 95 %.
        total_ranged: Totals that were published with a range.
        total_inside80: Those whose 80 % range held what came.
        total_inside95: The same at 95 %.
    """

    forecasts: int = 0
    cells: int = 0
    actual: float = 0
    model_error: float = 0
    merged_error: float = 0
    model_bias: float = 0
    merged_bias: float = 0
    touched: int = 0
    touched_actual: float = 0
    touched_model: float = 0
    touched_human: float = 0
    totals: int = 0
    total_actual: float = 0
    total_model: float = 0
    total_merged: float = 0
    account_ranged: int = 0
    account_inside80: int = 0
    account_inside95: int = 0
    total_ranged: int = 0
    total_inside80: int = 0
    total_inside95: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True)
class _Came:
    """What came, by account and month and in total, up to the last complete month."""

    by_account: pa.Table
    in_total: Mapping[int, float]
    last_month: int


@dataclass(frozen=True)
class _Cells:
    """A forecast's account-months that have come, side by side with what came; ranges are NaN where there are none.

    All of shape (cells,), ranges (4, cells): low and high at 80 %, then at 95 %.
    """

    segment: NDArray[np.object_]
    ahead: NDArray[np.int64]
    model: Floats
    merged: Floats
    touched: NDArray[np.bool_]
    actual: Floats
    is_nameless: NDArray[np.bool_]
    ranges: Floats


def track_record(
    forecasts: Iterable[StoredForecast], actual: pa.Table, last_month: int, *, by_segment: bool = False
) -> dict[tuple[str, int], Score]:
    """Score forecasts on the months that have come.

    Args:
        forecasts: The forecasts, each counted once.
        actual: What came: account_id, month, amount; several rows of an account's month add up.
        last_month: The last complete month.
        by_segment: Score the accounts of each segment apart, and no total.

    Returns:
        The score by segment (empty text for all) and months ahead.
    """
    came = _came(actual, last_month)
    found: dict[tuple[str, int], Score] = {}
    for forecast in forecasts:
        for key, score in _scores(forecast, came, by_segment):
            found[key] = found.get(key, Score()) + score
    return dict(sorted(found.items()))


def _came(actual: pa.Table, last_month: int) -> _Came:
    amount = actual["amount"].cast(pa.float64())
    by_account = pa.table({"key": _key(actual["account_id"], actual["month"]), "amount": amount}).group_by("key")
    in_total = pa.table({"key": actual["month"], "amount": amount}).group_by("key").aggregate([("amount", "sum")])
    totals = dict(zip(in_total["key"].to_pylist(), in_total["amount_sum"].to_pylist(), strict=True))
    return _Came(by_account.aggregate([("amount", "sum")]), totals, last_month)


def _key(account: pa.ChunkedArray, month: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(account, month.cast(pa.string()), _BETWEEN)


def _scores(forecast: StoredForecast, came: _Came, by_segment: bool) -> Iterator[tuple[tuple[str, int], Score]]:
    cells = _beside(forecast, came)
    totals = _monthly(forecast, "total", came.last_month)
    named = ~cells.is_nameless
    for ahead in np.unique(cells.ahead).tolist():
        here = cells.ahead == ahead
        if not by_segment:
            score = _of_total(cells, here, came, forecast.facts.origin + ahead, totals)
            yield ("", ahead), score + _of_accounts(cells, here & named)
            continue
        for segment in sorted(set(cells.segment[here & named])):
            yield (segment, ahead), _of_accounts(cells, here & named & (cells.segment == segment))


def _of_accounts(cells: _Cells, chosen: NDArray[np.bool_]) -> Score:
    actual, touched = cells.actual[chosen], cells.touched[chosen]
    model, merged = cells.model[chosen] - actual, cells.merged[chosen] - actual
    ranged, inside80, inside95 = _held(cells.ranges[:, chosen], actual)
    return Score(
        forecasts=1,
        cells=int(chosen.sum()),
        actual=float(np.abs(actual).sum()),
        model_error=float(np.abs(model).sum()),
        merged_error=float(np.abs(merged).sum()),
        model_bias=float(model.sum()),
        merged_bias=float(merged.sum()),
        touched=int(touched.sum()),
        touched_actual=float(np.abs(actual[touched]).sum()),
        touched_model=float(np.abs(model[touched]).sum()),
        touched_human=float(np.abs(merged[touched]).sum()),
        account_ranged=ranged,
        account_inside80=inside80,
        account_inside95=inside95,
    )


def _of_total(cells: _Cells, here: NDArray[np.bool_], came: _Came, month: int, totals: pa.Table) -> Score:
    actual = came.in_total.get(month, 0.0) if cells.is_nameless.any() else float(cells.actual[here].sum())
    row = totals.filter(pc.equal(totals["first_month"], month))
    ranged, inside80, inside95 = _held(_bounds(row), np.full(row.num_rows, actual))
    return Score(
        totals=1,
        total_actual=abs(actual),
        total_model=abs(float(cells.model[here].sum()) - actual),
        total_merged=abs(float(cells.merged[here].sum()) - actual),
        total_ranged=ranged,
        total_inside80=inside80,
        total_inside95=inside95,
    )


def _beside(forecast: StoredForecast, came: _Came) -> _Cells:
    lines = forecast.lines.filter(pc.less_equal(forecast.lines["month"], came.last_month))
    amount = lines["amount"].cast(pa.float64())
    computed = pc.is_in(lines["layer"], pa.array([str(each) for each in COMPUTED]))
    table = lines.select(["account_id", "segment", "month"])
    table = table.append_column("model", pc.if_else(computed, amount, 0.0))
    table = table.append_column("merged", amount)
    table = table.append_column("people", pc.if_else(computed, 0.0, pc.abs(amount)))
    summed = table.group_by(table.column_names[:3]).aggregate([(name, "sum") for name in ("model", "merged", "people")])
    keys = _key(summed["account_id"], summed["month"])
    actual = np.nan_to_num(_looked_up(keys, came.by_account["key"], came.by_account["amount_sum"].to_numpy()[None])[0])
    something = (summed["model_sum"].to_numpy() != 0) | (summed["merged_sum"].to_numpy() != 0) | (actual != 0)
    summed, keys, actual = summed.filter(something), keys.filter(something), actual[something]
    ranges = _monthly(forecast, "account", came.last_month)
    return _Cells(
        segment=np.array(summed["segment"].to_pylist(), dtype=object),
        ahead=summed["month"].to_numpy().astype(np.int64) - forecast.facts.origin,
        model=summed["model_sum"].to_numpy(),
        merged=summed["merged_sum"].to_numpy(),
        touched=summed["people_sum"].to_numpy() != 0,
        actual=actual,
        is_nameless=pc.equal(summed["account_id"], NEW_CUSTOMERS).to_numpy(),
        ranges=_looked_up(keys, _key(ranges["name"], ranges["first_month"]), _bounds(ranges)),
    )


def _looked_up(keys: pa.ChunkedArray, known: pa.ChunkedArray, values: Floats) -> Floats:
    """Return the values of keys, shape (values, keys); NaN for those that are not known."""
    place = pc.index_in(keys, known.combine_chunks()).fill_null(values.shape[1]).to_numpy()
    return np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)[:, place]


def _monthly(forecast: StoredForecast, scope: str, last_month: int) -> pa.Table:
    table = forecast.intervals
    chosen = pc.and_(pc.equal(table["scope"], scope), pc.equal(table["window"], "month"))
    return table.filter(pc.and_(chosen, pc.less_equal(table["last_month"], last_month)))


def _bounds(ranges: pa.Table) -> Floats:
    return np.stack([ranges[name].cast(pa.float64()).to_numpy() for name in ("low80", "high80", "low95", "high95")])


def _held(ranges: Floats, actual: Floats) -> tuple[int, int, int]:
    """Return how many have a range, and how many of those held what came at 80 % and at 95 %."""
    low80, high80, low95, high95 = ranges
    inside80, inside95 = (low80 <= actual) & (actual <= high80), (low95 <= actual) & (actual <= high95)
    return int(np.isfinite(low80).sum()), int(inside80.sum()), int(inside95.sum())
