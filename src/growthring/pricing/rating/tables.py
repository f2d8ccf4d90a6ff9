"""Price books as small tables: versions, components, rates, allowances, limits and adjustments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import duckdb

from growthring.engine.relation import Literal
from growthring.engine.small_table import put_rows
from growthring.kernel.currency import EXPONENT, exponent
from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.book import Component, PriceBook
from growthring.pricing.calendar_days import put_calendar_days
from growthring.pricing.compiled import NO_CAP, RAW_DECIMALS, UNBOUNDED, Rate, RateTier, compile_price
from growthring.pricing.meter import Conversion, Rounding
from growthring.pricing.policy import RatingPolicy
from growthring.pricing.price import CapacityTiers, Cell, Flat, Graduated, Matrix, Percentage, SimplePrice, Volume

NO_RATE = 0
"""Number of the rate under which everything costs nothing."""

BEGINNING = date(1, 1, 1)
END = date(9999, 12, 31)
_NOMINAL_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_NO_LIMIT = 2**31 - 1
_HIGHEST_FEE = Decimal("9999999999")

COLUMNS = {
    "book_version": "version_no INTEGER, book VARCHAR, from_on DATE, to_on DATE, day_count VARCHAR",
    "component": (
        "component_no INTEGER, version_no INTEGER, version VARCHAR, component_id VARCHAR, product_id VARCHAR, "
        "kind VARCHAR, meter VARCHAR, currency VARCHAR, decimals INTEGER, rate_no INTEGER, is_due_without_use INTEGER, "
        "convert_by BIGINT, convert_per BIGINT, convert_step BIGINT, convert_mode VARCHAR, included_quantity DECIMAL(18,6), "
        "kept_share DECIMAL(18,8), fee_per_event DECIMAL(18,8), carried DECIMAL(18,8), fee_amount DECIMAL(18,4), "
        "is_prorated INTEGER"
    ),
    "rate_tier": (
        "rate_no INTEGER, tier INTEGER, over DECIMAL(18,6), up_to DECIMAL(18,6), base_amount DECIMAL(38,14), "
        "flat_fee DECIMAL(18,8), unit_price DECIMAL(18,8), origin DECIMAL(18,6), block BIGINT, "
        "block_up BIGINT, cap DECIMAL(38,8), decimals INTEGER"
    ),
    "dimension_rate": "component_no INTEGER, dimensions VARCHAR, rate_no INTEGER",
    "percentage": (
        "component_no INTEGER, rate DECIMAL(18,8), fixed_per_event DECIMAL(18,8), free_events BIGINT, free_amount DECIMAL(18,6), "
        "minimum_per_event DECIMAL(18,8), maximum_per_event DECIMAL(18,8)"
    ),
    "capacity_price": "component_no INTEGER, tier INTEGER, amount DECIMAL(18,8)",
    "capacity_limit": "component_no INTEGER, meter VARCHAR, tier INTEGER, over DECIMAL(18,6), up_to DECIMAL(18,6)",
    "adjustment": (
        "component_no INTEGER, step INTEGER, scope VARCHAR, kind VARCHAR, amount DECIMAL(18,4), "
        "fraction DECIMAL(18,8), factor DECIMAL(18,8), true_up INTEGER, is_prorated INTEGER, is_measured_raw INTEGER, "
        "first_period BIGINT, last_period BIGINT"
    ),
    "currency_decimals": "currency VARCHAR, decimals INTEGER",
    "calendar": "calendar_id VARCHAR, nominal_days BIGINT",
}
"""The small tables with their columns."""

Rows = dict[str, list[tuple[Literal, ...]]]


@dataclass(frozen=True, slots=True)
class BookShape:
    """What books use, so that the chain may leave out steps that would do nothing.

    Attributes:
        has_quantity_changes: Some component converts units or includes some.
        has_plain_tiers: Every rate is plain tiers: no blocks, caps, rounding of tiers, fees per event or carried prices.
        has_matrix: Some price depends on dimensions.
        has_rows_without_use: Some component costs something without use.
        kinds: Kinds of components: rate, fee, percentage, capacity, prorated, prorated_volume.
        steps: Number of adjustment steps by scope: bucket, line, bill.
        decimals: Decimals of the minor units of all currencies.
    """

    has_quantity_changes: bool
    has_plain_tiers: bool
    has_matrix: bool
    has_rows_without_use: bool
    kinds: frozenset[str]
    steps: Mapping[str, int]
    decimals: frozenset[int] = frozenset()


@dataclass
class BookTables:
    """Price books as rows of the small tables, numbered.

    Attributes:
        rows: Rows by table.
        components: The component and its currency by number.
        rates: The compiled rate by number.
        cells: For matrix components: cells with their rate, and the rate of everything else.
    """

    rows: Rows = field(default_factory=lambda: {name: [] for name in COLUMNS})
    components: dict[int, tuple[PriceBook, Component, str]] = field(default_factory=dict)
    rates: list[Rate] = field(default_factory=list)
    cells: dict[int, tuple[list[tuple[Cell, int]], int]] = field(default_factory=dict)

    @property
    def shape(self) -> BookShape:
        """What the books use."""
        components = self.rows["component"]
        names = [column.split()[0] for column in COLUMNS["component"].split(", ")]
        at = {name: place for place, name in enumerate(names)}
        tiers = self.rows["rate_tier"]
        steps = {"bucket": 0, "line": 0, "bill": 0}
        for component_no, step, scope, *_ in self.rows["adjustment"]:
            key = "bill" if int(component_no) < 0 else str(scope)  # type: ignore[arg-type]
            steps[key] = max(steps[key], int(step))  # type: ignore[arg-type]
        return BookShape(
            has_quantity_changes=any(
                (row[at["convert_by"]], row[at["convert_per"]], row[at["convert_mode"]]) != (1, 1, "none")
                or row[at["included_quantity"]] != 0
                or row[at["kept_share"]] != 1
                for row in components
            ),
            has_plain_tiers=all(row[8] == 0 and row[10] == NO_CAP and row[11] == RAW_DECIMALS for row in tiers)
            and all(row[at["fee_per_event"]] == 0 and row[at["carried"]] == 0 for row in components),
            has_matrix=bool(self.cells),
            has_rows_without_use=any(row[at["is_due_without_use"]] == 1 for row in components),
            kinds=frozenset(str(row[at["kind"]]) for row in components),
            steps=steps,
            decimals=frozenset(exponent(currency) for _, _, currency in self.components.values()),
        )


def compile_books(books: Iterable[PriceBook]) -> BookTables:
    """Turn price books into rows of the small tables.

    Versions, components (one for each currency) and rates are numbered from 1 in the order in which they are written.
    """
    tables = BookTables()
    _add_rate(tables, Rate((RateTier(0, -UNBOUNDED, UNBOUNDED),)))
    version_no = 0
    for book in books:
        policy = book.rating_policy
        for place, version in enumerate(book.versions):
            version_no += 1
            until = book.versions[place + 1].effective_from if place + 1 < len(book.versions) else END
            tables.rows["book_version"].append((version_no, book.name, version.effective_from, until, policy.day_count))
            for component in version.components:
                for currency in book.currencies:
                    if component.price_in(currency) is not None and (component.prices or currency == book.currency):
                        _add_component(tables, book, component, currency, version_no, version.effective_from)
            _add_adjustments(tables, -version_no, version.adjustments, policy)
    tables.rows["currency_decimals"] = list(EXPONENT.items())
    return tables


def load_books(connection: duckdb.DuckDBPyConnection, tables: BookTables, dimensions: Mapping[str, Sequence[str]]) -> None:
    """Create the small tables in a connection.

    Args:
        connection: Where.
        tables: The compiled books.
        dimensions: For each meter the distinct dimension texts of its quantities.
    """
    calendars = [row[0] for row in connection.execute("SELECT DISTINCT calendar_id FROM subscription ORDER BY 1").fetchall()]
    rows: Rows = {
        **tables.rows,
        "dimension_rate": list(_dimension_rates(tables, dimensions)),
        "calendar": [(calendar, _nominal_days(calendar)) for calendar in calendars],
    }
    for name, columns in COLUMNS.items():
        put_rows(connection, name, columns, rows[name])
    put_calendar_days(connection)


def _nominal_days(calendar_id: str) -> int:
    """Return the days of a period where months count 30, quarters 91 and years 365 (billing §1g 21)."""
    interval, count, _ = calendar_id.split("/", 2)
    return _NOMINAL_DAYS[interval] * int(count)


def dimension_values(text: str) -> dict[str, str]:
    """Read dimensions written as ``key=value;key=value``."""
    return dict(part.split("=", 1) for part in text.split(";")) if text else {}


def matching_cell(cells: Sequence[tuple[Cell, int]], values: Mapping[str, str]) -> int | None:
    """Return the rate of the cell that names most of the values; the first among equals; nothing when none matches."""
    fitting = [(len(cell.when), -place, rate) for place, (cell, rate) in enumerate(cells) if cell.when.items() <= values.items()]
    return max(fitting)[2] if fitting else None


def _dimension_rates(tables: BookTables, dimensions: Mapping[str, Sequence[str]]) -> Iterator[tuple[Literal, ...]]:
    for component_no, (cells, _) in tables.cells.items():
        for text in dimensions.get(tables.components[component_no][1].meter, ()):
            rate_no = matching_cell(cells, dimension_values(text))
            if rate_no is not None:
                yield component_no, text, rate_no


def _add_rate(tables: BookTables, rate: Rate) -> int:
    number = len(tables.rates)
    tables.rates.append(rate)
    for row in rate.tiers:
        tables.rows["rate_tier"].append(
            (number, row.tier, row.over, row.up_to, row.base_amount, row.flat_fee, row.unit_price, row.origin, row.block,
             row.block_up, row.cap, rate.decimals)
        )  # fmt: skip
    return number


def _add_component(
    tables: BookTables, book: PriceBook, component: Component, currency: str, version_no: int, effective_from: date
) -> None:
    number = len(tables.components) + 1
    tables.components[number] = (book, component, currency)
    price, policy = component.price_in(currency), book.rating_policy
    assert price is not None  # noqa: S101 - the caller asked for currencies the component has
    kind, rate_no, fee_per_event, carried = _priced(tables, number, price, policy, currency)
    by, per = conversion_ratio(component.conversion)
    mode, step = _conversion_rounding(component.conversion)
    fee = price if isinstance(price, Flat) else None
    tables.rows["component"].append(
        (number, version_no, effective_from.isoformat(), component.id, component.product or component.id, kind, component.meter,
         currency, exponent(currency), rate_no, int(_is_due_without_use(tables, component, kind, rate_no)), by, per, step, mode,
         component.included_units, 1 - component.included_percent / 100, fee_per_event, carried,
         fee.amount if fee else Decimal(0), int(bool(fee and fee.prorate)))
    )  # fmt: skip
    _add_adjustments(tables, number, component.adjustments, policy)


def _priced(
    tables: BookTables, number: int, price: SimplePrice | Matrix, policy: RatingPolicy, currency: str
) -> tuple[str, int, Decimal, Decimal]:
    """Add the rates of a price; return the component's kind, its rate, its fee per event and its factor of carried prices."""
    match price:
        case Flat():
            return "fee", NO_RATE, Decimal(0), Decimal(0)
        case CapacityTiers():
            _add_capacity(tables, number, price)
            return "capacity", NO_RATE, Decimal(0), Decimal(0)
        case Percentage() if price.is_per_event:
            _add_percentage(tables, number, price)
            return "percentage", NO_RATE, Decimal(0), Decimal(0)
        case Graduated() | Volume() if price.tiers_by == "full_units":
            kind = "prorated" if isinstance(price, Graduated) else "prorated_volume"
            return kind, _add_rate(tables, compile_price(price, by_full_units(policy), currency)), Decimal(0), Decimal(0)
        case Matrix():
            cells = [(cell, _add_rate(tables, compile_price(cell.price, policy, currency))) for cell in price.cells]
            other = NO_RATE if price.default is None else _add_rate(tables, compile_price(price.default, policy, currency))
            tables.cells[number] = (cells, other)
            return "rate", other, Decimal(0), Decimal(0)
        case _:
            rate = compile_price(price, policy, currency)
            return "rate", _add_rate(tables, rate), rate.fee_per_event, rate.carried


def by_full_units(policy: RatingPolicy) -> RatingPolicy:
    """Return how prices by full units are read: bounds inclusive without gaps, nothing rounded before the line."""
    plain = {"tier_bounds": "up_to_inclusive", "fractions": "continuous", "tier_rounding": "none"}
    return RatingPolicy.model_validate({**policy.model_dump(), **plain})


def _is_due_without_use(tables: BookTables, component: Component, kind: str, rate_no: int) -> bool:
    if kind in ("fee", "capacity"):
        return False  # they have rows of their own for every period
    floors = any(each.kind is AdjustmentKind.MINIMUM or each.true_up for each in component.adjustments)
    return floors or tables.rates[rate_no].is_due_without_use


def conversion_ratio(conversion: Conversion | None) -> tuple[int, int]:
    """Return a conversion as whole numbers: units are multiplied by the first and divided by the second."""
    if conversion is None:
        return 1, 1
    numerator, denominator = conversion.factor.as_integer_ratio()
    return (numerator, denominator) if conversion.operation == "multiply" else (denominator, numerator)


def _conversion_rounding(conversion: Conversion | None) -> tuple[str, int]:
    if conversion is None or conversion.round is Rounding.NONE:
        return "none", 1
    return conversion.round.value, 10 ** (6 - conversion.precision)


def _add_capacity(tables: BookTables, number: int, price: CapacityTiers) -> None:
    for tier, each in enumerate(price.tiers, start=1):
        tables.rows["capacity_price"].append((number, tier, each.price))
    for meter in price.meters:
        over = -UNBOUNDED
        for tier, each in enumerate(price.tiers, start=1):
            limit = each.limits.get(meter)
            is_last = tier == len(price.tiers)
            up_to = UNBOUNDED if limit is None or is_last else limit
            if up_to > over:
                tables.rows["capacity_limit"].append((number, meter, tier, over, up_to))
                over = up_to


def _add_percentage(tables: BookTables, number: int, price: Percentage) -> None:
    has_allowance = bool(price.free_events) or bool(price.free_amount)
    events = price.free_events if price.free_events else (_NO_LIMIT if has_allowance else 0)
    amount = price.free_amount if price.free_amount else (UNBOUNDED if has_allowance else Decimal(0))
    tables.rows["percentage"].append(
        (number, price.rate / 100, price.fixed_per_event, events, amount,
         -_HIGHEST_FEE if price.minimum_per_event is None else price.minimum_per_event,
         _HIGHEST_FEE if price.maximum_per_event is None else price.maximum_per_event)
    )  # fmt: skip


def in_order(adjustments: Sequence[Adjustment], policy: RatingPolicy) -> list[Adjustment]:
    """Return adjustments in the order of a policy; several of a kind stay as written."""
    place = {kind: at for at, kind in enumerate(policy.adjustment_order)}
    return sorted(adjustments, key=lambda each: place.get(each.kind, len(place)))


def _add_adjustments(tables: BookTables, number: int, adjustments: Sequence[Adjustment], policy: RatingPolicy) -> None:
    steps = {"bucket": 0, "line": 0}
    for each in in_order(adjustments, policy):
        steps[each.scope] += 1
        fraction = ((each.percent or Decimal(0)) / 100).quantize(Decimal("1e-8"), ROUND_HALF_UP)
        raw = number < 0 and not policy.discounts_before_minimum and each.kind is AdjustmentKind.MINIMUM
        tables.rows["adjustment"].append(
            (number, steps[each.scope], each.scope, each.kind.value, each.amount or Decimal(0), fraction, each.factor,
             int(each.true_up), int(each.prorate), int(raw), each.first_period, each.last_period or _NO_LIMIT)
        )  # fmt: skip
