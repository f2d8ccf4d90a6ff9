"""A small made-up company with every kind of line the relations tell apart; the same on every run."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb

from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.kernel.period import Month
from growthring.revenue.rated_usage import put_components
from growthring.revenue.setting import Setting, TagSpan
from growthring.tables import BILL, CANONICAL, RATED_LINE, Table

ACCOUNTS = 36
FIRST = Month.parse("2023-01")
LAST = Month.parse("2024-06")
SETTING = Setting(
    "USD",
    LAST.last_day,
    tags=(
        TagSpan("one_off", "a03", "", Month.parse("2023-06"), Month.parse("2023-07")),
        TagSpan("advised_saving", "a05", "", Month.parse("2023-03"), Month.parse("2024-02")),
    ),
)

Rows = dict[str, list[dict[str, Any]]]


@cache
def company_rows() -> Rows:
    """Return the canonical rows of the company by table."""
    return _Maker(random.Random(20241)).rows


def open_company() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB that holds the company's canonical tables."""
    connection = connect()
    for table in CANONICAL.values():
        create_empty(connection, table)
        rows = company_rows()[table.name]
        if not rows:
            continue
        names = list(table.column_names)
        marks = ", ".join(f"CAST(? AS {column.type.value})" for column in table.columns)
        values = [[row.get(name) for name in names] for row in rows]
        connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", values)
    _put_rated(connection)
    return connection


def _put_rated(connection: duckdb.DuckDBPyConnection) -> None:
    """Create rated lines and bills: anchored periods, bills that are adjusted, some without lines, large and negative amounts."""
    chance = random.Random(77)
    products = {"calls": "api", "storage": "api", "tokens": "tokens", "platform": "platform"}
    rows = [
        ("list", "2020-01-01", each, currency, product, int(each == "platform"), int(product == "tokens"), int(each == "calls"),
         date(1, 1, 1), date(9999, 12, 31))
        for each, product in products.items()
        for currency in ("USD", "EUR", "JPY")
    ]  # fmt: skip
    put_components(connection, rows)
    for table in (RATED_LINE, BILL):
        create_empty(connection, table)
    for number in range(ACCOUNTS):
        account, currency = f"a{number:02d}", ("USD", "USD", "EUR", "JPY")[number % 4]
        places = 0 if currency == "JPY" else -2
        anchor = chance.choice((1, 1, 1, 15, 28))
        for month in (FIRST + back for back in range(LAST.index - FIRST.index + 1)):
            start, end = month.first_day.replace(day=anchor), (month + 1).first_day.replace(day=anchor)
            head = [f"c-{account}-0" if number % 5 == 0 else account, account, start, end, "list"]
            for component in products:
                if chance.random() < 0.6:
                    quantity = Decimal(chance.randrange(0, 10**9)).scaleb(-3)
                    amount = Decimal(chance.randrange(-50, 10 ** chance.choice((3, 6, 12)))).scaleb(places)
                    line = [*head, "2020-01-01", component, "", quantity, quantity, 1, amount, amount, amount, currency]
                    _insert(connection, RATED_LINE, line)
            adjusted = Decimal(chance.choice((0, 0, chance.randrange(-900, 900)))).scaleb(places)
            _insert(connection, BILL, [*head, 0, adjusted, adjusted, currency])


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, row: Sequence[Any]) -> None:
    marks = ", ".join(f"CAST(? AS {column.type.value})" for column in table.columns)
    connection.execute(f"INSERT INTO {table.name} VALUES ({marks})", [str(cell) for cell in row])


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.rows: Rows = {name: [] for name in CANONICAL}
        self._products()
        self._rates()
        for number in range(ACCOUNTS):
            self._account(f"a{number:02d}", number)
        # the largest and the smallest amounts that still have to come out exactly
        self._line("a00", "seat", date(2024, 1, 1), date(2025, 1, 1), Decimal("12345678901.0100"), quantity=Decimal(7))
        self._line("a01", "flat", date(2024, 3, 1), date(2024, 4, 1), Decimal("0.0100"))
        self._line("a02", "flat", date(2024, 3, 1), date(2024, 4, 1), Decimal("-250.0000"), kind="credit")

    def _products(self) -> None:
        for product, family, counted in (
            ("seat", "core", "seat"),
            ("flat", "core", "flat"),
            ("api", "usage", "usage"),
            ("addon", None, "flat"),
        ):
            self._add("product", product_id=product, name=product.title(), family=family, quantity_kind=counted)

    def _rates(self) -> None:
        euro, yen = Decimal("1.08000000"), Decimal("0.00700000")
        month = FIRST
        while month <= LAST:
            euro += Decimal(self.chance.randrange(-200, 200)).scaleb(-4)
            yen += Decimal(self.chance.randrange(-100, 100)).scaleb(-6)
            for currency, rate in (("EUR", euro), ("JPY", yen)):
                self._add("fx_rate", base_currency=currency, quote_currency="USD", rate_on=month.first_day, rate=rate)
            month += 1

    def _account(self, account: str, number: int) -> None:
        chance = self.chance
        currency = ("USD", "USD", "EUR", "JPY")[number % 4]
        parent = f"a{number - 1:02d}" if number % 7 == 3 else None
        self._add("account", account_id=account, name=account, parent_account_id=parent, valid_from=FIRST.first_day)
        if number % 11 == 5:
            moved = (FIRST + 7).first_day
            self._add("account", account_id=account, name=account, parent_account_id="a00", valid_from=moved)
        if number % 13 == 6:
            merged = (FIRST + 9).first_day
            self._add(
                "account", account_id=account, name=account, merged_into_account_id="a01", merged_on=merged, valid_from=merged
            )
        for attribute, values in (("country", ("DE", "FR", "US")), ("segment", ("enterprise", "small"))):
            self._add(
                "account_attribute",
                account_id=account,
                attribute=attribute,
                value=chance.choice(values),
                valid_from=FIRST.first_day,
            )
        if number % 5 == 0:
            later = (FIRST + 10).first_day
            self._add("account_attribute", account_id=account, attribute="segment", value="enterprise", valid_from=later)
        for make in (self._monthly, self._annual, self._usage, self._contract):
            if chance.random() < 0.65:
                make(account, currency)
        self._commitment(account, number, currency)

    def _monthly(self, account: str, currency: str) -> None:
        chance, seats = self.chance, self.chance.randrange(1, 30)
        price = Decimal(chance.randrange(500, 9000)).scaleb(-2 if currency != "JPY" else 0)
        product = chance.choice(("seat", "addon"))
        month, end = FIRST + chance.randrange(0, 6), LAST - chance.randrange(0, 6)
        while month <= end:
            if chance.random() < 0.2:
                seats = max(0, seats + chance.randrange(-5, 8))
            if chance.random() < 0.08:
                price *= Decimal("1.1")
                price = round(price, 2 if currency != "JPY" else 0)
            if chance.random() < 0.05:
                product = "addon" if product == "seat" else "seat"
            if chance.random() > 0.06:
                start = month.first_day + timedelta(days=chance.choice((0, 0, 0, 9)))
                stop = (month + 1).first_day + (start - month.first_day)
                self._line(account, product, start, stop, price * seats, currency, quantity=Decimal(seats))
            month += 1

    def _annual(self, account: str, currency: str) -> None:
        chance = self.chance
        start = FIRST.first_day + timedelta(days=chance.randrange(0, 200))
        for _ in range(2):
            amount = Decimal(chance.randrange(100_000, 5_000_000)).scaleb(-2 if currency != "JPY" else 0)
            stop = chance.choice(
                (start.replace(year=start.year + 1), start + timedelta(days=chance.choice((7, 10, 45, 100, 364))))
            )
            self._line(account, "flat", start, stop, amount, currency, discount=chance.choice((0, 0, 10)))
            start = stop

    def _usage(self, account: str, currency: str) -> None:
        chance, month = self.chance, FIRST + self.chance.randrange(0, 8)
        while month <= LAST:
            used = Decimal(chance.randrange(1, 90_000))
            amount = (used * Decimal("0.0137")).quantize(Decimal("0.01") if currency != "JPY" else Decimal(1))
            start = month.first_day if chance.random() < 0.8 else month.first_day - timedelta(days=20)
            late = timedelta(days=chance.choice((0, 0, 0, 70)))
            self._line(account, "api", start, (month + 1).first_day, amount, currency, kind="usage", quantity=used, late=late)
            month += 1
        self._line(
            account, "addon", month.first_day, None, Decimal(500), currency, kind=chance.choice(("one_off", "fee", "usage"))
        )

    def _contract(self, account: str, currency: str) -> None:
        chance = self.chance
        start, renews = FIRST.first_day + timedelta(days=chance.randrange(0, 120)), None
        for number in range(2):
            contract = f"c-{account}-{number}"
            end = start + timedelta(days=chance.choice((180, 365, 400)))
            cancelled = end - timedelta(days=40) if chance.random() < 0.3 else None
            self._add(
                "contract",
                contract_id=contract,
                account_id=account,
                signed_on=start - timedelta(days=25),
                starts_on=start,
                ends_on=end,
                cancel_requested_on=cancelled,
                cancelled_on=cancelled and end,
                renews_contract_id=renews,
            )
            for index in range(chance.randrange(1, 3)):
                interval, count = chance.choice(
                    (("year", 1), ("quarter", 1), ("month", 1), ("month", 5), ("week", 1), ("day", 10))
                )
                paused = start + timedelta(days=60) if chance.random() < 0.3 else None
                amount = Decimal(chance.randrange(10_000, 900_000)).scaleb(-2 if currency != "JPY" else 0)
                self._add(
                    "contract_line",
                    contract_line_id=f"{contract}-{index}",
                    contract_id=contract,
                    account_id=account,
                    product_id=chance.choice(("seat", "flat")),
                    kind="recurring",
                    starts_on=start,
                    ends_on=chance.choice((None, end)),
                    quantity=Decimal(chance.randrange(1, 9)),
                    amount=amount,
                    list_amount=amount,
                    recurring_discount_amount=0,
                    one_off_discount_amount=0,
                    billing_interval=interval,
                    interval_count=count,
                    currency=currency,
                    paused_from=paused,
                    paused_to=paused and chance.choice((None, paused + timedelta(days=70))),
                )
            start, renews = end, contract

    def _commitment(self, account: str, number: int, currency: str) -> None:
        """Promise something; by the number alone, so that the rest of the company stays as it is."""
        start = (FIRST + number % 5).first_day
        self._add(
            "commitment",
            commitment_id=f"k{number:02d}",
            account_id=account,
            contract_id=f"c-{account}-0" if number % 3 == 0 else None,
            kind=("minimum", "prepaid", "ela", "minimum", "minimum")[number % 5],
            starts_on=start,
            ends_on=None if number % 7 == 2 else start.replace(year=start.year + 1),
            amount=Decimal(1200 * (number + 1)) if currency == "JPY" else Decimal(1000 * (number + 1)),
            currency=currency,
            priority=1,
            scope="account",
            rollover_share=0,
            overage_factor=1,
            true_up="period" if number % 2 else "term_end",
            voided_on=(FIRST + 9).first_day if number % 9 == 4 else None,
        )

    def _line(
        self,
        account: str,
        product: str,
        start: date,
        stop: date | None,
        amount: Decimal,
        currency: str = "USD",
        *,
        kind: str = "recurring",
        quantity: Decimal | None = None,
        discount: int = 0,
        late: timedelta = timedelta(0),
    ) -> None:
        number = len(self.rows["invoice_line"]) + 1
        contract = f"c-{account}-0" if self.chance.random() < 0.5 else None
        self._add(
            "invoice_line",
            invoice_line_id=f"l{number}",
            invoice_id=f"i{number}",
            account_id=account,
            product_id=product,
            contract_id=contract,
            issued_on=start,
            period_start=stop and start,
            period_end=stop,
            kind=kind,
            currency=currency,
            quantity=quantity,
            amount=amount,
            list_amount=amount + discount,
            recurring_discount_amount=discount,
            one_off_discount_amount=0,
            due_on=start + timedelta(days=30),
            paid_on=None if self.chance.random() < 0.1 else start + timedelta(days=20),
            known_at=datetime.combine(start + late, datetime.min.time()),
        )

    def _add(self, table: str, **values: Any) -> None:
        rows = self.rows[table]
        rows.append({"known_at": datetime(2023, 1, 1), "source_file": "made up", "source_row": len(rows) + 1, **values})
