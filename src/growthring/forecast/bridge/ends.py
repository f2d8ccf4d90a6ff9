"""The two ends of a bridge: what each of them says of each account, series and month."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from growthring.forecast.snapshots import LINE_SCHEMA, StoredForecast
from growthring.kernel.period import Month

KNOWN_SCHEMA = pa.schema(
    [
        ("account_id", pa.string()),
        ("series", pa.string()),
        ("month", pa.int32()),
        ("currency", pa.string()),
        ("native_amount", pa.decimal128(18, 4)),
        ("amount", pa.decimal128(18, 4)),
        ("quantity", pa.float64()),
        ("counted", pa.string()),
        ("one_off_amount", pa.decimal128(18, 4)),
    ]
)
"""Months that were known: the amount in the currency billed and as reported, the quantity behind it (empty when unknown) and what
it counts (quantities of one name compare), and the part of the amount that is known not to repeat."""

TAG_SCHEMA = pa.schema([("account_id", pa.string()), ("series", pa.string()), ("month", pa.int32())])
"""Months whose one-off revenue people's tags keep out of the amounts; an empty series means all of them."""


@dataclass(frozen=True)
class End:
    """One end of a bridge: a forecast with the months that were known to it, or the months as they came.

    Attributes:
        name: The forecast's id, or ``actual``.
        as_of: Last day whose knowledge it used.
        origin: Last month known, counted as year × 12 + month − 1.
        last_month: Last month it speaks of.
        measure: What it measures.
        unit: What the amounts count.
        model: The model and its version; empty for what came.
        lines: Effects of layers in the months after the origin, as `LINE_SCHEMA`.
        known: Months up to the origin, as `KNOWN_SCHEMA`, as they were known then.
        tags: Months kept out by tags, as `TAG_SCHEMA`, as known then.
    """

    name: str
    as_of: date
    origin: int
    last_month: int
    measure: str
    unit: str
    model: str
    lines: pa.Table
    known: pa.Table
    tags: pa.Table

    @cached_property
    def first_month(self) -> int:
        """First month it speaks of."""
        first = pc.min(self.known["month"]).as_py()
        return self.origin + 1 if first is None else min(int(first), self.origin + 1)

    @property
    def is_actual(self) -> bool:
        """Whether nothing of it is forecast."""
        return self.last_month == self.origin

    @property
    def order(self) -> tuple[int, date, bool, str]:
        """What decides which end is the earlier one."""
        return self.origin, self.as_of, self.is_actual, self.name

    def __str__(self) -> str:
        return "actual" if self.is_actual else f"{self.name[:12]} (from {Month(self.origin)}, known on {self.as_of})"


def forecast_end(stored: StoredForecast, known: pa.Table, tags: pa.Table | None = None, *, by_series: bool = True) -> End:
    """Return a stored forecast as an end.

    Args:
        stored: The forecast.
        known: The months that were known to it, in the same grain.
        tags: Months kept out by tags, as known then.
        by_series: Keep the series of an account apart, or add them up.
    """
    facts, lines = stored.facts, stored.lines
    if not by_series:
        whole = pa.chunked_array([pa.repeat(pa.scalar("", pa.string()), lines.num_rows)])
        lines = lines.set_column(lines.column_names.index("series"), "series", whole)
    return End(
        name=stored.forecast_id,
        as_of=facts.as_of,
        origin=facts.origin,
        last_month=facts.last_month.index,
        measure=facts.measure,
        unit=facts.unit,
        model=f"{facts.model} {facts.model_version}",
        lines=lines,
        known=_through(known, facts.origin),
        tags=TAG_SCHEMA.empty_table() if tags is None else tags,
    )


def actual_end(of: End, known: pa.Table, *, as_of: date, last_month: int, tags: pa.Table | None = None) -> End:
    """Return the months as they came as the other end of a forecast's bridge.

    Args:
        of: The forecast's end.
        known: The months as known now.
        as_of: The day they are known on.
        last_month: The last complete month.
        tags: Months kept out by tags, as known now.
    """
    return End(
        name="actual",
        as_of=as_of,
        origin=last_month,
        last_month=last_month,
        measure=of.measure,
        unit=of.unit,
        model="",
        lines=LINE_SCHEMA.empty_table(),
        known=_through(known, last_month),
        tags=TAG_SCHEMA.empty_table() if tags is None else tags,
    )


def _through(known: pa.Table, origin: int) -> pa.Table:
    cast = known.select(KNOWN_SCHEMA.names).cast(KNOWN_SCHEMA)
    return cast.filter(pc.less_equal(cast["month"], origin))
