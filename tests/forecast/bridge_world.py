"""A small company forecast twice, for planting one change at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import pyarrow as pa

from growthring.forecast.bridge import KNOWN_SCHEMA, TAG_SCHEMA, End
from growthring.forecast.snapshots import LINE_SCHEMA
from growthring.kernel.period import Month

ORIGIN = Month.parse("2024-06").index
HORIZON = 6
RATES = {"USD": Decimal(1), "EUR": Decimal("1.25")}


@dataclass(frozen=True)
class Series:
    """What one account's product is expected to bring, in its own currency, and at what price."""

    account: str
    series: str
    currency: str
    amount: Decimal
    growth: Decimal
    price: Decimal | None

    def native(self, month: int) -> Decimal:
        return (self.amount + self.growth * (month - ORIGIN)).quantize(Decimal("0.0001"))


@dataclass
class Story:
    """What one end says: history and forecast as rows, to be changed before it becomes an end."""

    origin: int
    last_month: int
    name: str = "a"
    model: str = "growth 1"
    known: dict[tuple[str, str, int], dict] = field(default_factory=dict)
    lines: dict[tuple[str, str, int, str], Decimal] = field(default_factory=dict)
    tags: list[tuple[str, str, int]] = field(default_factory=list)

    def end(self) -> End:
        known = [
            (
                account,
                series,
                month,
                row["currency"],
                row["native"],
                row["amount"],
                row["quantity"],
                row.get("counted", series),
                row["one_off"],
            )
            for (account, series, month), row in self.known.items()
        ]
        lines = [(account, series, "all", month, layer, amount) for (account, series, month, layer), amount in self.lines.items()]
        return End(
            name=self.name, as_of=date(2024, 1, 1), origin=self.origin, last_month=self.last_month, measure="revenue",
            unit="USD per month", model=self.model, lines=rows(LINE_SCHEMA, lines), known=rows(KNOWN_SCHEMA, known),
            tags=rows(TAG_SCHEMA, self.tags),
        )  # fmt: skip

    def cells(self, account: str, after: int = 0) -> list[tuple[str, str, int]]:
        """Cells of an account from a month on, known and forecast."""
        spoken = [*self.known, *((a, s, m) for a, s, m, layer in self.lines if layer == "statistical")]
        return [cell for cell in spoken if cell[0] == account and cell[2] >= after]

    def scale(self, cell: tuple[str, str, int], *, amount: Decimal, quantity: Decimal = Decimal(1), native: Decimal = Decimal(1)):
        """Multiply what a cell says, in the reporting currency, in quantity and in its own currency."""
        if cell in self.known:
            row = self.known[cell]
            row["amount"] = fine(row["amount"] * amount)
            row["native"] = fine(row["native"] * native)
            row["quantity"] = None if row["quantity"] is None else row["quantity"] * float(quantity)
        else:
            key = (*cell, "statistical")
            self.lines[key] = fine(self.lines[key] * amount)


def fine(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.0001"))


def rows(schema: pa.Schema, values: Sequence[tuple]) -> pa.Table:
    columns = list(zip(*values, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(each, field.type) for each, field in zip(columns, schema, strict=True)], schema=schema)


def story(world: Iterable[Series], origin: int = ORIGIN, last_month: int = ORIGIN + HORIZON, name: str = "a") -> Story:
    """Tell a world in which everything comes as expected."""
    told = Story(origin, last_month, name)
    for each in world:
        rate = RATES[each.currency]
        for month in range(ORIGIN - 3, last_month + 1):
            native = each.native(month)
            if month <= origin:
                quantity = None if each.price is None else float(native / each.price)
                told.known[each.account, each.series, month] = {
                    "currency": each.currency, "native": native, "amount": fine(native * rate), "quantity": quantity,
                    "one_off": Decimal(0),
                }  # fmt: skip
            else:
                told.lines[each.account, each.series, month, "statistical"] = fine(native * rate)
    return told


def pair(world: Sequence[Series], later: str) -> tuple[Story, Story]:
    """Return a forecast and a second end that agrees with it: what came, a later forecast, or one made at the same time."""
    first = story(world)
    if later == "actual":
        return first, story(world, ORIGIN + 4, ORIGIN + 4, "actual")
    origin = ORIGIN + 2 if later == "later forecast" else ORIGIN
    return first, story(world, origin, origin + HORIZON, "b")


WORLD = (
    Series("anna", "api", "USD", Decimal(1000), Decimal(10), Decimal("0.5")),
    Series("anna", "seats", "USD", Decimal(500), Decimal(0), Decimal(10)),
    Series("bert", "api", "EUR", Decimal(800), Decimal(-5), Decimal("0.5")),
    Series("cleo", "api", "EUR", Decimal(300), Decimal(0), None),
)
__all__ = ["HORIZON", "ORIGIN", "WORLD", "Series", "Story", "fine", "pair", "replace", "rows", "story"]
