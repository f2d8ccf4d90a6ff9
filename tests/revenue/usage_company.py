"""A company made up of rated lines, and its ledgers: what is metered and rated is put there as rating would leave it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from growthring.engine.catalog import create_empty
from growthring.kernel.period import Month
from growthring.revenue.ledger import Ledger, build_ledger
from growthring.revenue.policy import Policy
from growthring.revenue.rated_usage import put_components
from growthring.revenue.setting import Setting
from growthring.tables import BILL, RATED_LINE
from tests.strategies import Company

BOOK, VERSION = "list", "2020-01-01"


@dataclass(frozen=True)
class UsageCompany:
    """Canonical rows, rated lines and bills.

    Attributes:
        company: Canonical rows.
        lines: Rows of ``rated_line``.
        bills: What adjusts a bill, by subscription and period.
        fees: Components that are fees.
        unmeasured: Components whose product has quantities of several units.
    """

    company: Company = field(default_factory=Company)
    lines: list[dict[str, Any]] = field(default_factory=list)
    bills: dict[tuple[str, date, date], dict[str, Any]] = field(default_factory=dict)
    fees: set[str] = field(default_factory=set)
    unmeasured: set[str] = field(default_factory=set)

    def rated(self, account: str, start: date, end: date, amount: Any, quantity: Any = 0, **more: Any) -> None:
        """Add a rated line of a billing period; the product is the component's."""
        component = more.get("component_id", "api")
        currency = more.get("currency", "USD")
        subscription = more.get("subscription_id", account)
        self.lines.append(
            {"subscription_id": subscription, "account_id": account, "period_start": start, "period_end": end, "book": BOOK,
             "version": VERSION, "component_id": component, "dimensions": "", "quantity": quantity, "billable_quantity": quantity,
             "tier": 1, "raw_amount": amount, "adjusted_amount": amount, "amount": amount, "currency": currency} | more
        )  # fmt: skip
        self.adjusted(account, start, end, 0, currency=currency, subscription_id=subscription)

    def month(self, account: str, month: Month, amount: Any, quantity: Any = 0, **more: Any) -> None:
        """Add a rated line of a calendar month."""
        self.rated(account, month.first_day, (month + 1).first_day, amount, quantity, **more)

    def adjusted(self, account: str, start: date, end: date, amount: Any, **more: Any) -> None:
        """Add to what adjusts the bill of a period."""
        subscription = more.get("subscription_id", account)
        bill = self.bills.setdefault(
            (subscription, start, end),
            {"account_id": account, "currency": more.get("currency", "USD"), "adjustment_amount": Decimal(0)},
        )
        bill["adjustment_amount"] += Decimal(str(amount))

    def connection(self, order: Mapping[str, Sequence[int]] | None = None) -> duckdb.DuckDBPyConnection:
        """Return a DuckDB with every table; `order` gives the rows another order."""
        opened = self.company.connection()
        bills = [
            {"subscription_id": subscription, "period_start": start, "period_end": end, "book": BOOK, "subtotal_amount": 0,
             "amount": 0, **bill}
            for (subscription, start, end), bill in self.bills.items()
        ]  # fmt: skip
        for table, rows in ((RATED_LINE, self.lines), (BILL, bills)):
            create_empty(opened, table)
            names = table.column_names
            for place in (order or {}).get(table.name, range(len(rows))):
                marks = ", ".join(f"CAST(? AS {column.type.value})" for column in table.columns)
                opened.execute(f"INSERT INTO {table.name} VALUES ({marks})", [str(rows[place][name]) for name in names])
        named = dict.fromkeys(["api", *(line["component_id"] for line in self.lines), *sorted(self.fees)])
        currencies = dict.fromkeys(["USD", *(line["currency"] for line in self.lines)])
        put_components(
            opened,
            [
                (BOOK, VERSION, each, currency, each, int(each in self.fees), int(each not in self.fees | self.unmeasured),
                 int(each == "api"), date(1, 1, 1), date(9999, 12, 31))
                for each in named
                for currency in currencies
            ],
        )  # fmt: skip
        return opened

    def ledger(
        self, policy: Policy, through: Month | date, currency: str = "USD", order: Mapping[str, Sequence[int]] | None = None
    ) -> Ledger:
        """Build the ledger as the product would."""
        last = through if isinstance(through, date) else through.last_day
        return build_ledger(self.connection(order), policy, Setting(currency, last))

    def scaled(self, factor: int) -> "UsageCompany":
        """Return the same company with all money multiplied."""
        amounts = ("raw_amount", "adjusted_amount", "amount")
        return UsageCompany(
            self.company.scaled(factor),
            [{key: value * factor if key in amounts else value for key, value in line.items()} for line in self.lines],
            {key: {**bill, "adjustment_amount": bill["adjustment_amount"] * factor} for key, bill in self.bills.items()},
            self.fees,
            self.unmeasured,
        )
