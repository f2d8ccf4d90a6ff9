"""Companies for hypothesis: a few customers with every kind of line, and the ledger that a policy makes of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.kernel.period import FiscalCalendar, Month
from growthring.revenue.ledger import Ledger, build_ledger
from growthring.revenue.policy import Policy, preset
from growthring.revenue.setting import Setting
from growthring.tables import CANONICAL

FIRST = Month.parse("2023-11")
LAST = Month.parse("2025-02")
ACCOUNTS = ("a1", "a2", "a3", "a4", "a5")
PRODUCTS = (("plan", "core", "flat"), ("seats", "core", "seat"), ("api", "metered", "usage"))
SOME = settings(
    max_examples=7, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], derandomize=True
)
"""A ledger costs a fifth of a second, so a property sees a dozen companies; the same ones on every run."""

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Company:
    """Canonical rows by table."""

    rows: Rows = field(default_factory=lambda: {name: [] for name in CANONICAL})

    def add(self, table: str, **values: Any) -> None:
        number = len(self.rows[table]) + 1
        self.rows[table].append(
            {"known_at": datetime(2020, 1, 1), "source_file": "made up", "source_row": number, "valid_from": date(2020, 1, 1)}
            | values
        )

    def line(self, account: str, start: date, end: date | None, amount: Decimal, **more: Any) -> None:
        """Add an invoice line for a stretch of service."""
        key = f"l{len(self.rows['invoice_line']) + 1}"
        values = {"product_id": "plan", "kind": "recurring", "currency": "USD", "issued_on": start} | more
        self.add(
            "invoice_line", invoice_line_id=key, invoice_id=key, account_id=account, period_start=end and start, period_end=end,
            **{"amount": amount, "list_amount": amount, "recurring_discount_amount": 0, "one_off_discount_amount": 0, **values},
        )  # fmt: skip

    def contract(self, account: str, start: date, end: date | None, amount: Decimal, **more: Any) -> None:
        """Add a contract of one line; the amount is the price of one interval."""
        key = f"c{len(self.rows['contract']) + 1}"
        self.add(
            "contract", contract_id=key, account_id=account, signed_on=start - timedelta(days=10), starts_on=start, ends_on=end,
            **{name: more.pop(name) for name in ("cancel_requested_on", "cancelled_on", "cancel_reason") if name in more},
        )  # fmt: skip
        values = {"product_id": "plan", "currency": "USD", "billing_interval": "month", "interval_count": 1} | more
        self.add(
            "contract_line", contract_line_id=f"{key}-1", contract_id=key, account_id=account, kind="recurring", starts_on=start,
            ends_on=end, amount=amount, list_amount=amount, recurring_discount_amount=0, one_off_discount_amount=0, **values,
        )  # fmt: skip

    def scaled(self, factor: int) -> "Company":
        """Return the same company with every amount multiplied."""
        amounts = ("amount", "list_amount", "recurring_discount_amount", "one_off_discount_amount")
        return Company(
            {
                name: [{key: value * factor if key in amounts else value for key, value in row.items()} for row in rows]
                for name, rows in self.rows.items()
            }
        )

    def reordered(self, order: Mapping[str, Sequence[int]]) -> "Company":
        """Return the same rows in another order."""
        return Company({name: [rows[index] for index in order[name]] for name, rows in self.rows.items()})

    def moved(self, accounts: Mapping[str, str], tables: Iterable[str] = ("invoice_line",)) -> "Company":
        """Return the company with single rows (by their key) given to other accounts."""
        rows = {name: [dict(row) for row in rows] for name, rows in self.rows.items()}
        for name in tables:
            for row in rows[name]:
                row["account_id"] = accounts.get(row[CANONICAL[name].key[0]], row["account_id"])
        return Company(rows)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a DuckDB that holds the canonical tables."""
        opened = connect()
        for table in CANONICAL.values():
            create_empty(opened, table)
            if self.rows[table.name]:
                names = table.column_names
                text = {name: [_as_text(row.get(name)) for row in self.rows[table.name]] for name in names}
                opened.register("arriving", pa.table({name: pa.array(cells, pa.string()) for name, cells in text.items()}))
                casts = ", ".join(f"CAST({column.name} AS {column.type.value})" for column in table.columns)
                opened.execute(f"INSERT INTO {table.name} SELECT {casts} FROM arriving")
                opened.unregister("arriving")
        return opened

    def ledger(self, policy: Policy, *, currency: str = "USD", last: Month = LAST, starts_month: int = 1) -> Ledger:
        """Build the ledger of the company under a policy."""
        return build_ledger(self.connection(), policy, Setting(currency, last.last_day, FiscalCalendar(starts_month)))


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


amounts = st.integers(0, 500_000).map(lambda cents: Decimal(cents).scaleb(-2))
months = st.integers(FIRST.index, LAST.index).map(Month)
days = st.integers(0, (LAST.last_day - FIRST.first_day).days).map(lambda count: FIRST.first_day + timedelta(days=count))


@st.composite
def companies(draw: st.DrawFn, *, currencies: Sequence[str] = ("USD", "EUR", "JPY"), whole_months: bool = False) -> Company:
    """Draw a company: invoices with gaps, seats, usage, credits, odd periods; contracts with pauses; parents, mergers, rates.

    Args:
        currencies: Billing currencies; each but USD has rates that move.
        whole_months: Leaves out stretches that do not divide into months without rounding.
    """
    company = Company()
    for product, family, counted in PRODUCTS:
        company.add("product", product_id=product, name=product, family=family, quantity_kind=counted)
    for number, currency in enumerate(sorted(set(currencies) - {"USD"})):
        for index in range(FIRST.index - 1, LAST.index + 1, 2):
            rate = Decimal(draw(st.integers(80, 120))).scaleb(-2 - 2 * number)
            company.add("fx_rate", base_currency=currency, quote_currency="USD", rate_on=Month(index).first_day, rate=rate)
    for position, account in enumerate(ACCOUNTS[: draw(st.sampled_from([1, 3, 4, 5]))]):
        _account(draw, company, account, position, draw(st.sampled_from(list(currencies))), whole_months=whole_months)
    return company


def _account(draw: st.DrawFn, company: Company, account: str, position: int, currency: str, *, whole_months: bool) -> None:
    company.add("account", account_id=account, name=account)
    company.add("account_attribute", account_id=account, attribute="country", value=draw(st.sampled_from(["DE", "US"])))
    place = draw(st.sampled_from(["alone", "alone", "child", "merged", "moved"])) if position else "alone"
    changed = draw(days)
    match place:
        case "child":
            company.rows["account"][-1]["parent_account_id"] = "a1"
        case "moved":
            company.add("account", account_id=account, name=account, parent_account_id="a1", valid_from=changed)
        case "merged":
            company.add(
                "account", account_id=account, name=account, merged_into_account_id="a1", merged_on=changed, valid_from=changed
            )
    if draw(st.booleans()):
        company.add("account_attribute", account_id=account, attribute="country", value="FR", valid_from=changed)
    _monthly(draw, company, account, currency)
    for _ in range(0 if whole_months else draw(st.integers(0, 2))):
        start = draw(days)
        end = start + timedelta(days=draw(st.sampled_from([3, 7, 31, 45, 90, 365])))
        kind = draw(st.sampled_from(["recurring", "usage", "credit", "one_off"]))
        amount = draw(amounts) * (-1 if kind == "credit" else 1)
        late = timedelta(days=draw(st.sampled_from([0, 0, 70])))
        company.line(account, start, end, _in(currency, amount), kind=kind, currency=currency, product_id="plan",
                     known_at=datetime.combine(start + late, datetime.min.time()))  # fmt: skip
    if draw(st.booleans()):
        start = draw(days)
        paused = start + timedelta(days=40) if draw(st.booleans()) else None
        end = draw(st.sampled_from([None, start + timedelta(days=150)]))
        company.contract(
            account, start, end, _in(currency, draw(amounts)), currency=currency, paused_from=paused,
            paused_to=paused and draw(st.sampled_from([None, paused + timedelta(days=50)])),
            billing_interval="month" if whole_months else draw(st.sampled_from(["month", "year", "week"])),
            cancelled_on=end, cancel_requested_on=end and end - timedelta(days=20),
        )  # fmt: skip


def _monthly(draw: st.DrawFn, company: Company, account: str, currency: str) -> None:
    pattern = draw(st.lists(st.integers(0, 9), min_size=LAST.index - FIRST.index + 1, max_size=LAST.index - FIRST.index + 1))
    price = draw(amounts)
    for back, seats in enumerate(pattern):
        month = FIRST + back
        if seats > 7:
            continue  # a month without an invoice
        product = "api" if seats == 7 else "seats"
        company.line(
            account, month.first_day, (month + 1).first_day, _in(currency, price * seats), currency=currency,
            kind="usage" if product == "api" else "recurring", product_id=product, quantity=seats,
        )  # fmt: skip


def _in(currency: str, amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1)) if currency == "JPY" else amount


def policies() -> st.SearchStrategy[Policy]:
    """Draw a valid policy: a preset, or the standard one with several switches turned."""
    switches = {
        "level": ["item", "subscription", "account", "parent"],
        "hierarchy": ["as_of", "current"],
        "evidence": ["invoices", "contracts", "both"],
        "basis": ["live", "billed", "recognised", "usage_smoothed"],
        "smoothing": ["none", "trailing_3", "quarter_x4"],
        "discounts": ["none", "recurring", "all"],
        "usage": ["include", "exclude"],
        "credits": ["ignore", "dated", "net"],
        "free": ["active", "inactive"],
        "fx": ["floating", "event", "constant"],
        "churn_time": ["request", "period_end", "status", "days_past_due"],
        "pause": ["zero", "churn", "keep"],
        "reactivation": ["always", "window", "as_new"],
        "restate": ["current", "as_reported"],
        "normalise.odd_days": ["by_day", "round_30.42", "face"],
    }
    grains = [("month_end", "net"), ("quarter", "net"), ("event", "net"), ("event", "gross"), ("day", "gross"), ("day", "ignore")]

    @st.composite
    def turned(draw: st.DrawFn) -> Policy:
        chosen = {name: draw(st.sampled_from(values)) for name, values in switches.items() if draw(st.integers(0, 3)) == 0}
        chosen["grain"], chosen["same_period"] = draw(st.sampled_from(grains))
        return preset("standard").replace(**chosen)

    return turned()


__all__ = ["ACCOUNTS", "FIRST", "LAST", "SOME", "Company", "companies", "policies"]
