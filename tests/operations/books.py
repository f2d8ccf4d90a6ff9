"""A project of a few customers in plain files, kept by the operations as a user would keep it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from growthring.kernel.period import Month
from growthring.operations.data.run import RunResult, run
from growthring.operations.project import Project

HEADER = "line,customer,product,issued_on,from,to,kind,currency,quantity,amount,known_at"
SETTINGS = """
[project]
name = "Brook & Son"
currency = "USD"
{project}
[[sources]]
name = "invoices"
table = "invoice_line"
files = "raw/invoices_*.csv"

[sources.columns]
invoice_line_id = "line"
invoice_id = "line"
account_id = "customer"
product_id = "product"
period_start = "\\"from\\""
period_end = "\\"to\\""
{more}
"""
ACCOUNTS = """
[[sources]]
name = "accounts"
table = "account"
files = "raw/accounts.csv"

[sources.attributes]
country = "country"
"""
RATES = """
[[sources]]
name = "rates"
table = "fx_rate"
files = "raw/rates.csv"
"""


USAGE = """
[[sources]]
name = "usage"
table = "usage"
files = "raw/usage.csv"
"""
PRICE_BOOK = """\
name: brook
currency: USD
meters:
  - id: calls
versions:
  - effective_from: 2023-01-01
    components:
      - id: api
        meter: calls
        price: {model: graduated, tiers: [{up_to: 1000, unit_price: 0.01}, {unit_price: 0.005}]}
      - id: platform
        price: {model: flat, amount: 20}
assign:
  - accounts: ["17850"]
"""


def quoted(value: Any) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"'


class Books:
    """A project folder: rows by month, written to one file a month."""

    def __init__(self, root: Path, *, project: str = "", more: str = "") -> None:
        self.root = root
        (root / "raw").mkdir(parents=True, exist_ok=True)
        self.settings(project=project, more=more)

    def settings(self, *, project: str = "", more: str = "") -> None:
        (self.root / "growthring.toml").write_text(SETTINGS.format(project=project, more=more), encoding="utf-8")

    def usage(self, rows: Sequence[tuple[str, str, str, Any]]) -> None:
        """Write the usage records (id, customer, day, calls) and a price book for them."""
        text = ["usage_id,account_id,meter,used_at,quantity,known_at"]
        text += [f"{name},{customer},calls,{day} 12:00:00,{calls},{day} 12:00:00" for name, customer, day, calls in rows]
        (self.root / "raw" / "usage.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
        (self.root / "price_books").mkdir(exist_ok=True)
        (self.root / "price_books" / "brook.yaml").write_text(PRICE_BOOK, encoding="utf-8")

    def lines(self, month: str, rows: Sequence[Sequence[Any]], name: str | None = None) -> Path:
        """Write a month's file: rows of (line, customer, amount) and, if they differ from the usual, more by name."""
        at = Month.parse(month)
        text = [HEADER]
        for line, customer, amount, *rest in rows:
            values: dict[str, Any] = {
                "product": "plan", "issued_on": at.first_day, "from": at.first_day, "to": (at + 1).first_day, "kind": "recurring",
                "currency": "USD", "quantity": 1, "known_at": at.first_day,
            }  # fmt: skip
            values |= {"line": line, "customer": customer, "amount": amount} | (rest[0] if rest else {})
            text.append(",".join(quoted(values[column]) for column in HEADER.split(",")))
        path = self.root / "raw" / f"invoices_{name or month}.csv"
        path.write_text("\n".join(text) + "\n", encoding="utf-8")
        return path

    def steady(self, first: str, last: str, customers: dict[str, Any]) -> None:
        """Write a file a month in which each customer pays the same."""
        for index in range(Month.parse(first).index, Month.parse(last).index + 1):
            month = str(Month(index))
            self.lines(month, [(f"{name}-{month}", name, amount) for name, amount in customers.items()])

    def accounts(self, rows: Sequence[tuple[str, str, str]]) -> None:
        text = ["account_id,name,country", *(",".join(quoted(value) for value in row) for row in rows)]
        (self.root / "raw" / "accounts.csv").write_text("\n".join(text) + "\n", encoding="utf-8")

    def rates(self, rows: Sequence[tuple[str, str, date, Decimal]]) -> None:
        text = ["base_currency,quote_currency,rate_on,rate", *(",".join(str(value) for value in row) for row in rows)]
        (self.root / "raw" / "rates.csv").write_text("\n".join(text) + "\n", encoding="utf-8")

    def policy(self, name: str, text: str) -> None:
        (self.root / "policies").mkdir(exist_ok=True)
        (self.root / "policies" / f"{name}.toml").write_text(f'name = "{name}"\n{text}\n', encoding="utf-8")

    def open(self) -> Project:
        return Project.open(self.root)

    def run(self) -> RunResult:
        return run(self.open())


def objects(project: Project) -> dict[str, bytes]:
    """Return every file of the store's artifacts by its place."""
    root = project.store.root / "objects"
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
