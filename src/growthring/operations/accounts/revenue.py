"""Revenue of one account: what it is now, how it moved month by month, and the documents behind each movement."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from growthring.engine.relation import literal
from growthring.kernel.period import Month
from growthring.operations.accounts.overview import TABLE, YEAR, AccountBook, known_account, written
from growthring.operations.answer import Answer, Value, money
from growthring.operations.pricing.bill import add_up
from growthring.operations.project import Project
from growthring.pricing.reference import plain
from growthring.tables import MOVEMENTS

_DEFINITIONS = {
    "account": "What is known of one customer: names, revenue of {month} under policy {policy}, last invoice and renewal.",
    "account_revenue": "Recurring revenue of one customer at the end of each month, and the movements that led to it.",
    "account_movements": "Each change of one customer's recurring revenue by product, with what drove it where the data tell.",
    "account_documents": "What {month} and the month before rest on: revenue as counted, invoice and contract lines.",
    "account_invoices": "Invoices and credit notes of one customer, tax and fees included.",
}
_CAUSES = "month, movement, product_id, driver, reason"


def account_facts(project: Project, account: str) -> Answer:
    """Answer who an account is and what it is worth: one row of facts.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    (row,) = book.rows(f"SELECT * FROM {TABLE} WHERE account_id = $1", account)
    currency = book.reading.currency
    facts = {
        "account_id": account, "name": row["name"], "state": row["state"], "since": written(row["since"]),
        "mrr": money(row["mrr"], currency), "arr": money(row["mrr"] * YEAR, currency), "currency": currency,
        "earlier": money(row["earlier"], currency), "change": money(row["change"], currency),
        "change_rate": float(row["change"] / row["earlier"]) if row["earlier"] > 0 else None,
        "last_month": str(Month(row["last_month"])) if row["last_month"] is not None else None, "before": str(book.month - YEAR),
        "attributes": {name: row[column] for name, column in book.attributes.items()},
        **_parent(book, row["parent_account_id"]), **_last_invoice(book, account), **_renewal(book, account),
    }  # fmt: skip
    sql = f"SELECT mrr FROM {TABLE} WHERE account_id = {literal(account)}"
    return _answer(book, "account", facts["mrr"], [facts], sql, unit=_monthly(book))


def account_revenue(project: Project, account: str) -> Answer:
    """Answer how an account's recurring revenue came about, one row a month: start, movements, end; each row adds up.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    ends = dict(_ends(book, account))
    moved: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for row in _moves(book, account, "month, movement"):
        moved[row["month"]][row["movement"]] = row["amount"]
    rows: list[dict[str, Any]] = []
    before = Decimal(0)
    for month in range(min([*ends, *moved]), book.month.index + 1) if ends or moved else ():
        end = ends.get(month, Decimal(0))
        rows.append(_month_row(book, Month(month), before, moved.get(month, {}), end))
        before = end
    value = rows[-1]["end"] if rows else money(Decimal(0), book.reading.currency)
    return _answer(book, "account_revenue", value, rows, _ends_sql(book, account), unit=_monthly(book))


def account_movements(project: Project, account: str) -> Answer:
    """Answer each movement of an account, the latest first, by product, driver and reason.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    rows = [
        {"at": str(Month(row["month"])), "movement": row["movement"], "product": row["product_id"], "driver": row["driver"],
         "reason": row["reason"], "amount": money(row["amount"], book.reading.currency)}
        for row in _moves(book, account, _CAUSES)
    ]  # fmt: skip
    rows = [row for row in rows if Decimal(row["amount"])]  # a rest below the minor unit is no change that anybody sees
    rows.sort(key=lambda row: (row["at"], abs(Decimal(row["amount"]))), reverse=True)
    return _answer(book, "account_movements", len(rows), rows, _moves_sql(book, account, _CAUSES))


def account_documents(project: Project, account: str, at: str) -> Answer:
    """Answer which documents an account's revenue of a month, and of the month before it, rests on.

    The rows come in kinds: ``counted`` (recurring revenue by product, as the policy counts it), ``billed`` and
    ``agreed``, whose service or term touches the two months; each names the file and row it was read from.

    Raises:
        GrowthringError: No row names the account, or there is no such month.
    """
    book = known_account(project, account)
    month = project.calendar.parse(at)[1]
    first, last = (month - 1).first_day, month.last_day
    counted = (
        "SELECT month, product_id, currency, native_amount, rate, recurring_amount, usage_amount, quantity FROM panel WHERE "
        f"account_id = {literal(account)} AND month IN ({(month - 1).index}, {month.index}) ORDER BY month, product_id"
    )
    rows = [_counted_row(book, row) for row in book.rows(counted)] + _invoice_rows(book, account, first, last)
    rows += _contract_rows(book, account, first, last)
    ends = dict(_ends(book, account))
    value = money(ends.get(month.index, Decimal(0)) - ends.get(month.index - 1, Decimal(0)), book.reading.currency)
    return _answer(book, "account_documents", value, rows, counted, unit=_monthly(book), at=month)


def account_invoices(project: Project, account: str) -> Answer:
    """Answer which invoices an account got, the latest first, with what is open of them.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    statement = (
        "SELECT invoice_id, currency, MAX(issued_on) AS issued_on, MAX(due_on) AS due_on, COUNT(*) AS lines, "
        "SUM(amount) AS amount, COUNT(*) FILTER (paid_on IS NULL) AS open_lines, MAX(paid_on) AS paid_on "
        f"FROM invoice_line WHERE account_id = {literal(account)} GROUP BY 1, 2 ORDER BY 3 DESC, 1 DESC"
    )
    rows = [
        {"invoice": row["invoice_id"], "issued": written(row["issued_on"]), "due": written(row["due_on"]), "lines": row["lines"],
         "amount": money(row["amount"], row["currency"]), "currency": row["currency"],
         "paid": None if row["open_lines"] else written(row["paid_on"])}
        for row in book.rows(statement)
    ]  # fmt: skip
    value, unit = (rows[0]["amount"], rows[0]["currency"]) if rows else (None, "")
    return _answer(book, "account_invoices", value, rows, statement, unit=unit)


def _moves(book: AccountBook, account: str, by: str) -> list[dict[str, Any]]:
    return book.rows(_moves_sql(book, account, by))


def _moves_sql(book: AccountBook, account: str, by: str) -> str:
    return (
        f"SELECT {by}, SUM(movement_amount) AS amount FROM movement WHERE account_id = {literal(account)} "
        f"AND month <= {book.month.index} GROUP BY {by} HAVING SUM(movement_amount) <> 0 ORDER BY {by}"
    )


def _ends(book: AccountBook, account: str) -> list[tuple[int, Decimal]]:
    return [(row["month"], row["amount"]) for row in book.rows(_ends_sql(book, account))]


def _ends_sql(book: AccountBook, account: str) -> str:
    return (
        f"SELECT month, SUM(recurring_amount) AS amount FROM panel WHERE account_id = {literal(account)} "
        f"AND month <= {book.month.index} GROUP BY 1 ORDER BY 1"
    )


def _month_row(book: AccountBook, month: Month, before: Decimal, moved: dict[str, Decimal], end: Decimal) -> dict[str, Any]:
    currency = book.reading.currency
    first, last = Decimal(money(before, currency)), Decimal(money(end, currency))
    names = [name for name in MOVEMENTS if moved.get(name)]
    shown = dict(zip(names, add_up([moved[name] for name in names], last - first, currency), strict=True))
    movements = {name: money(shown.get(name, Decimal(0)), currency) for name in MOVEMENTS}
    return {"at": str(month), "start": str(first), **movements, "end": str(last)}


def _parent(book: AccountBook, parent: str | None) -> dict[str, Any]:
    named = book.rows(f"SELECT name FROM {TABLE} WHERE account_id = $1", parent) if parent else []
    return {"parent": parent, "parent_name": named[0]["name"] if named else parent}


def _last_invoice(book: AccountBook, account: str) -> dict[str, Any]:
    found = book.rows(
        "SELECT MAX(issued_on) AS issued_on, currency, SUM(amount) AS amount, COUNT(*) FILTER (paid_on IS NULL) AS open_lines "
        "FROM invoice_line WHERE account_id = $1 GROUP BY invoice_id, currency ORDER BY 1 DESC, invoice_id DESC LIMIT 1",
        account,
    )
    row: dict[str, Any] = found[0] if found else {"issued_on": None, "currency": "", "amount": None, "open_lines": 0}
    return {
        "invoiced_on": written(row["issued_on"]), "invoice_currency": row["currency"], "is_paid": not row["open_lines"],
        "invoice_amount": money(row["amount"], row["currency"]) if row["amount"] is not None else None,
    }  # fmt: skip


def _renewal(book: AccountBook, account: str) -> dict[str, Any]:
    (row,) = book.rows(
        f"SELECT MIN(ends_on) AS ends_on, COUNT(*) AS contracts FROM contract WHERE account_id = $1 "
        f"AND (ends_on IS NULL OR ends_on > {literal(book.today)}) AND cancelled_on IS NULL AND cancel_requested_on IS NULL",
        account,
    )
    return {"renews_on": written(row["ends_on"]), "contracts": row["contracts"]}


def _counted_row(book: AccountBook, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "counted", "at": str(Month(row["month"])), "product": row["product_id"],
        "billed": money(row["native_amount"], row["currency"]), "currency": row["currency"], "rate": plain(row["rate"]),
        "recurring": money(row["recurring_amount"], book.reading.currency),
        "from_usage": money(row["usage_amount"], book.reading.currency),
        "quantity": None if row["quantity"] is None else plain(row["quantity"]),
    }  # fmt: skip


def _invoice_rows(book: AccountBook, account: str, first: date, last: date) -> list[dict[str, Any]]:
    found = book.rows(
        "SELECT * FROM invoice_line WHERE account_id = $1 AND COALESCE(period_start, issued_on) <= $2 "
        "AND COALESCE(period_end - 1, issued_on) >= $3 ORDER BY issued_on, invoice_line_id",
        account, last, first,
    )  # fmt: skip
    return [
        {"kind": "billed", "line": row["invoice_line_id"], "invoice": row["invoice_id"], "product": row["product_id"],
         "type": row["kind"], "issued": written(row["issued_on"]), "from": written(row["period_start"]),
         "until": written(row["period_end"]),
         "quantity": None if row["quantity"] is None else plain(row["quantity"]),
         "amount": money(row["amount"], row["currency"]), "currency": row["currency"], **_origin(row)}
        for row in found
    ]  # fmt: skip


def _contract_rows(book: AccountBook, account: str, first: date, last: date) -> list[dict[str, Any]]:
    found = book.rows(
        "SELECT * FROM contract_line WHERE account_id = $1 AND starts_on <= $2 AND (ends_on IS NULL OR ends_on > $3) "
        "ORDER BY starts_on, contract_line_id",
        account, last, first,
    )  # fmt: skip
    return [
        {"kind": "agreed", "line": row["contract_line_id"], "contract": row["contract_id"], "product": row["product_id"],
         "type": row["kind"], "from": written(row["starts_on"]), "until": written(row["ends_on"]),
         "quantity": None if row["quantity"] is None else plain(row["quantity"]),
         "amount": money(row["amount"], row["currency"]), "currency": row["currency"], "every": row["billing_interval"],
         **_origin(row)}
        for row in found
    ]  # fmt: skip


def _origin(row: dict[str, Any]) -> dict[str, Any]:
    return {"file": row["source_file"], "row": row["source_row"]}


def _monthly(book: AccountBook) -> str:
    return f"{book.reading.currency} per month"


def _answer(
    book: AccountBook, metric: str, value: Value, rows: list[dict[str, Any]], sql: str, *, unit: str = "count",
    at: Month | None = None,
) -> Answer:  # fmt: skip
    month = at or book.month
    definition = _DEFINITIONS[metric].format(month=month, policy=book.reading.policy.name)
    return book.answer(metric, definition, value, rows, unit=unit, at=str(month), sql=book.sql(sql))
