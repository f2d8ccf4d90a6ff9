"""A company made up row by row in memory, and the product's figures about it."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.kernel.period import Month, PeriodKind
from growthring.revenue.evaluation import Point, Question, evaluate
from growthring.revenue.ledger import Ledger, build_ledger
from growthring.revenue.metrics import metric
from growthring.revenue.policy import Policy
from growthring.revenue.setting import Setting
from growthring.tables import CANONICAL


def money(value: Any) -> Decimal:
    """Read an amount the way a source would: exactly as printed, four decimals kept."""
    return Decimal(str(value)).quantize(Decimal("0.0001"))


class Company:
    """Canonical rows, and ledgers under any policy over them."""

    def __init__(self, currency: str = "USD", known_at: datetime = datetime(2000, 1, 1)) -> None:
        self.currency = currency
        self.known_at = known_at
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in CANONICAL}

    def add(self, table: str, **values: Any) -> None:
        count = len(self.rows[table]) + 1
        given = {key: value for key, value in values.items() if value is not None}
        self.rows[table].append({"known_at": self.known_at, "source_file": "made up", "source_row": count, **given})

    def line(self, account: str, amount: Any, starts_on: date, ends_on: date | None = None, **more: Any) -> None:
        """Add a contract of one line; the amount is what one billing interval costs."""
        contract = more.pop("contract", None) or f"contract {len(self.rows['contract_line']) + 1}"
        terms = {
            name: more.pop(name) for name in ("signed_on", "cancel_requested_on", "cancelled_on", "cancel_reason") if name in more
        }
        if contract not in {row["contract_id"] for row in self.rows["contract"]}:
            self.add("contract", contract_id=contract, account_id=account, starts_on=starts_on, ends_on=ends_on,
                     **{"signed_on": starts_on, **terms})  # fmt: skip
        held = next(row for row in self.rows["contract"] if row["contract_id"] == contract)
        held.pop("ends_on", None)  # a contract lasts as long as its last line
        held.update({"ends_on": ends_on} if ends_on else {})
        recurring, one_off = money(more.pop("recurring_discount", 0)), money(more.pop("one_off_discount", 0))
        values = {
            "product_id": "plan",
            "kind": "recurring",
            "billing_interval": "month",
            "interval_count": 1,
            "currency": self.currency,
        }
        self.add(
            "contract_line", contract_line_id=f"line {len(self.rows['contract_line']) + 1}", contract_id=contract,
            account_id=account, starts_on=starts_on, ends_on=ends_on,
            amount=money(amount) - recurring - one_off, list_amount=money(amount),
            recurring_discount_amount=recurring, one_off_discount_amount=one_off, **{**values, **more},
        )  # fmt: skip

    def invoice(self, account: str, amount: Any, starts_on: date | None, ends_on: date | None, **more: Any) -> None:
        """Add an invoice line for a stretch of service that ends before ends_on."""
        number = f"invoice {len(self.rows['invoice_line']) + 1}"
        recurring, one_off = money(more.pop("recurring_discount", 0)), money(more.pop("one_off_discount", 0))
        values = {"product_id": "plan", "kind": "recurring", "currency": self.currency, "issued_on": starts_on}
        self.add(
            "invoice_line", invoice_line_id=number, invoice_id=number, account_id=account, period_start=starts_on,
            period_end=ends_on,
            amount=money(amount) - recurring - one_off, list_amount=money(amount),
            recurring_discount_amount=recurring, one_off_discount_amount=one_off, **{**values, **more},
        )  # fmt: skip

    def month(self, account: str, month: Month, amount: Any, **more: Any) -> None:
        """Add an invoice line for one calendar month of service."""
        self.invoice(account, amount, month.first_day, (month + 1).first_day, **more)

    def ledger(self, policy: Policy, through: Month | date, currency: str | None = None) -> Ledger:
        """Build the ledger of the company as the product would."""
        connection = connect()
        for table in CANONICAL.values():
            create_empty(connection, table)
            rows = self.rows[table.name]
            for names in {tuple(row) for row in rows}:
                marks = ", ".join("?" for _ in names)
                same = [list(row.values()) for row in rows if tuple(row) == names]
                connection.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", same)
        last = through if isinstance(through, date) else through.last_day
        return build_ledger(connection, policy, Setting(currency or self.currency, last))


def points(ledger: Ledger, name: str, at: Month, *, period: PeriodKind = PeriodKind.MONTH, by: str = "") -> list[Point]:
    return evaluate(ledger, Question(metric(name), (at,), period, by))


def value(ledger: Ledger, name: str, at: Month, *, period: PeriodKind = PeriodKind.MONTH) -> Decimal | float | None:
    """Return a metric's value; a sum over nobody is zero, a rate over nobody is undefined."""
    found = points(ledger, name, at, period=period)
    if found:
        return found[0].value
    return Decimal(0) if not metric(name).denominator else None


def mrr(ledger: Ledger, at: Month) -> Decimal:
    return Decimal(str(value(ledger, "mrr", at)))


def movements(ledger: Ledger, months: Iterable[Month] | None = None) -> list[dict[str, Any]]:
    """Return the ledger's lines in order of time, summed over drivers and products of a customer."""
    rows = ledger.connection.execute(
        "SELECT month, entity_id, movement, MIN(product_id), SUM(movement_amount) FROM movement "
        "GROUP BY month, entity_id, movement ORDER BY month, "
        "CASE movement WHEN 'new' THEN 0 WHEN 'reactivation' THEN 1 WHEN 'expansion' THEN 2 "
        "WHEN 'contraction' THEN 3 ELSE 4 END, entity_id"
    ).fetchall()
    wanted = None if months is None else {month.index for month in months}
    return [
        {"month": str(Month(month)), "entity": entity, "type": kind, "product": product, "mrr": amount}
        for month, entity, kind, product, amount in rows
        if wanted is None or month in wanted
    ]
