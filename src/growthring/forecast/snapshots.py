"""Forecast snapshots: a forecast as it was published, kept for good under a name made of its content (FC-27).

A snapshot is an artifact of the store with two files. ``forecast_line.parquet`` holds the effect of each layer on each account,
series and month: the layers add up to the forecast. ``forecast_interval.parquet`` holds the ranges of accounts, segments and the
total by month, quarter and year. The same lines, ranges and facts give the same bytes under the same id, on any day.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from growthring.engine.store import Artifact, Store
from growthring.forecast.layers import Layer
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.ids import digest, file_digest
from growthring.kernel.period import Month

LAYERS = tuple(str(each) for each in Layer)
"""Layers in the order in which they are applied."""

NEW_CUSTOMERS = "(new customers)"
"""Account of lines for customers who are expected and have no name yet; their segment tells them apart."""

SCOPES = ("account", "segment", "total")
WINDOWS = ("month", "quarter", "year")

_AMOUNT = pa.decimal128(18, 4)
LINE_SCHEMA = pa.schema(
    [
        ("account_id", pa.string()),
        ("series", pa.string()),
        ("segment", pa.string()),
        ("month", pa.int32()),
        ("layer", pa.string()),
        ("amount", _AMOUNT),
    ]
)
INTERVAL_SCHEMA = pa.schema(
    [
        ("scope", pa.string()),
        ("name", pa.string()),
        ("window", pa.string()),
        ("first_month", pa.int32()),
        ("last_month", pa.int32()),
        *((name, _AMOUNT) for name in ("amount", "low80", "high80", "low95", "high95")),
    ]
)
_LINE_FILE = "forecast_line.parquet"
_INTERVAL_FILE = "forecast_interval.parquet"
_LINE_KEY = ("account_id", "series", "segment", "month", "layer")
_INTERVAL_KEY = ("scope", "name", "window", "first_month")
_RECIPE = "forecast/1"
_SHORTEST_ID = 6
_BATCH = 65_536


@dataclass(frozen=True)
class ForecastFacts:
    """What a forecast was made from, and what it may be relied on for.

    Attributes:
        as_of: Last day whose knowledge was used: the day asked for, or the last day of the data.
        origin: Last month whose values were known, counted as year × 12 + month − 1.
        horizon: Months ahead.
        measure: ``revenue``, or ``usage:METER``.
        unit: What the amounts count, such as ``USD per month``.
        model: Name of the model.
        model_version: Its version or settings, in words or as a digest: two forecasts of one version differ by data alone.
        policy: Name of the revenue policy.
        policy_version: Its version.
        snapshot_id: Snapshot of the data.
        layers: Layers that were switched on.
        override_ids: People's journal entries that were folded in.
        coverage: Measured share of past values inside the ranges, by scope and level, such as ``{"account 80": 0.81}``.
    """

    as_of: date
    origin: int
    horizon: int
    measure: str
    unit: str
    model: str
    model_version: str
    policy: str
    policy_version: str
    snapshot_id: str
    layers: tuple[str, ...] = ("statistical",)
    override_ids: tuple[int, ...] = ()
    coverage: Mapping[str, float] = field(default_factory=dict)

    @property
    def first_month(self) -> Month:
        """First month forecast."""
        return Month(self.origin + 1)

    @property
    def last_month(self) -> Month:
        """Last month forecast."""
        return Month(self.origin + self.horizon)

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        return asdict(self) | {
            "as_of": self.as_of.isoformat(),
            "layers": list(self.layers),
            "override_ids": sorted(self.override_ids),
            "coverage": dict(sorted(self.coverage.items())),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read facts as they were written."""
        return cls(
            **{name: raw[name] for name in cls.__dataclass_fields__}
            | {
                "as_of": date.fromisoformat(raw["as_of"]),
                "layers": tuple(raw["layers"]),
                "override_ids": tuple(raw["override_ids"]),
            }
        )


@dataclass(frozen=True)
class StoredForecast:
    """A forecast read from the store.

    Attributes:
        forecast_id: Its name: the key of its artifact.
        facts: What it was made from.
        path: Folder of its files.
    """

    forecast_id: str
    facts: ForecastFacts
    path: Path

    @cached_property
    def lines(self) -> pa.Table:
        """Effects by account, series, month and layer, as `LINE_SCHEMA`."""
        return pq.ParquetFile(self.path / _LINE_FILE).read()

    @cached_property
    def intervals(self) -> pa.Table:
        """Ranges by scope, name and window, as `INTERVAL_SCHEMA`."""
        return pq.ParquetFile(self.path / _INTERVAL_FILE).read()

    @property
    def by_series(self) -> bool:
        """Whether it keeps the series of an account apart."""
        return bool(pc.any(pc.not_equal(self.lines["series"], "")).as_py())

    def totals(self, layers: Sequence[str] = LAYERS) -> dict[Month, Decimal]:
        """Return the exact total of each month, of all layers or of some."""
        chosen = self.lines.filter(pc.is_in(self.lines["layer"], pa.array(layers, pa.string())))
        summed = chosen.group_by("month").aggregate([("amount", "sum")])
        found = {Month(row["month"]): row["amount_sum"] for row in summed.to_pylist()}
        first, horizon = self.facts.first_month, self.facts.horizon
        return {first + ahead: found.get(first + ahead, Decimal(0)) for ahead in range(horizon)}


def write_forecast(store: Store, lines: pa.Table, intervals: pa.Table, facts: ForecastFacts) -> Artifact:
    """Keep a forecast; the same forecast is kept once, whatever the order of its rows.

    Args:
        store: The project's store.
        lines: Columns of `LINE_SCHEMA`: the effect of a layer on an account, series and month. Months without a line count 0.
        intervals: Columns of `INTERVAL_SCHEMA`.
        facts: What it was made from.

    Returns:
        The artifact; its key is the forecast id.

    Raises:
        GrowthringError: A line is missing a value, stands twice, is of an unknown layer or of a month beyond the horizon; or a
            range does not hold its own amount's order.
    """
    kept, ranges = _in_order(lines, LINE_SCHEMA, _LINE_KEY), _in_order(intervals, INTERVAL_SCHEMA, _INTERVAL_KEY)
    _check_lines(kept, facts)
    _check_intervals(ranges)

    def write(folder: Path) -> dict[str, Any]:
        pq.write_table(kept, folder / _LINE_FILE, compression="zstd")
        pq.write_table(ranges, folder / _INTERVAL_FILE, compression="zstd")
        return facts.as_dict()

    told = digest(f"{name}={value!r}" for name, value in sorted(facts.as_dict().items()))
    return store.build(_RECIPE, [told, _content(kept), _content(ranges)], write)


def read_forecast(store: Store, forecast_id: str) -> StoredForecast:
    """Return a kept forecast by its id, or by the first characters of it.

    Raises:
        UnknownValueError: No forecast, or more than one, begins like that.
        GrowthringError: Its files are not those that were written.
    """
    found = [each for each in _beginning_with(store, forecast_id) if (each / _LINE_FILE).exists()]
    if len(found) != 1:
        raise UnknownValueError(
            "forecast", forecast_id, [each.name[:12] for each in found], remedy="`growthring forecasts list` lists them."
        )
    artifact = Artifact(found[0].name, found[0])
    for name, written in artifact.contents.items():
        if file_digest(artifact.path / name) != written:
            raise GrowthringError(
                f"{name} of forecast {artifact.key[:12]} is not what was written.",
                valid="A forecast never changes after it was published.",
                remedy="Restore the file from a backup, or make a new forecast and let it supersede this one.",
            )
    return StoredForecast(artifact.key, ForecastFacts.from_dict(artifact.facts), artifact.path)


def _beginning_with(store: Store, text: str) -> list[Path]:
    if not re.fullmatch(rf"[0-9a-f]{{{_SHORTEST_ID},64}}", text):
        return []
    return sorted((store.root / "objects" / text[:2]).glob(f"{text}*"))


def _in_order(table: pa.Table, schema: pa.Schema, key: Sequence[str]) -> pa.Table:
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise GrowthringError(f"A forecast's table lacks {', '.join(missing)}.", valid=f"It has {', '.join(schema.names)}.")
    cast = table.select(schema.names).cast(schema)
    empty = [name for name in schema.names if cast[name].null_count]
    if empty:
        raise GrowthringError(f"A forecast has rows without {', '.join(empty)}.", valid="Every row needs every value.")
    codes = [_ranks(cast[name]) for name in key]
    order = np.lexsort(codes[::-1])
    ordered = np.stack([each[order] for each in codes])
    twice = int((ordered[:, 1:] == ordered[:, :-1]).all(axis=0).sum())
    if twice:
        raise GrowthringError(f"{twice} rows of a forecast stand more than once.", valid=f"One row per {', '.join(key)}.")
    return cast.take(pa.array(order)).combine_chunks()


def _ranks(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return integers in the order of a column's values."""
    if not pa.types.is_string(column.type):
        numbers: NDArray[np.int64] = column.to_numpy().astype(np.int64)
        return numbers
    coded = column.combine_chunks().dictionary_encode()
    rank = np.empty(len(coded.dictionary), dtype=np.int64)
    rank[pc.sort_indices(coded.dictionary).to_numpy()] = np.arange(len(rank))
    ranks: NDArray[np.int64] = rank[coded.indices.to_numpy()]
    return ranks


def _check_lines(lines: pa.Table, facts: ForecastFacts) -> None:
    _require_known("layer", lines["layer"], LAYERS)
    months = pc.min_max(lines["month"]).as_py()
    if lines.num_rows and not facts.first_month.index <= months["min"] <= months["max"] <= facts.last_month.index:
        raise GrowthringError(
            f"A forecast from {Month(facts.origin)} over {facts.horizon} months has lines from {Month(months['min'])} to "
            f"{Month(months['max'])}.",
            valid=f"Lines lie between {facts.first_month} and {facts.last_month}.",
        )


def _check_intervals(intervals: pa.Table) -> None:
    _require_known("scope", intervals["scope"], SCOPES)
    _require_known("window", intervals["window"], WINDOWS)
    for inner, outer in (("low95", "low80"), ("low80", "high80"), ("high80", "high95")):
        if pc.any(pc.greater(intervals[inner], intervals[outer])).as_py():
            raise GrowthringError(f"A range of the forecast has {inner} above {outer}.", valid="low95 ≤ low80 ≤ high80 ≤ high95.")


def _require_known(what: str, column: pa.ChunkedArray, known: Sequence[str]) -> None:
    for received in pc.unique(column).to_pylist():
        if received not in known:
            raise UnknownValueError(what, received, known)


def _content(table: pa.Table) -> str:
    """Return a digest of a table's values: the bytes of Parquet would change with the library that writes them."""
    hasher = hashlib.sha256()
    for batch in table.to_batches(max_chunksize=_BATCH):
        hasher.update(batch.serialize())
    return hasher.hexdigest()
