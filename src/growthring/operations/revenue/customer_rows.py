"""The rows behind a customer's revenue: its entries in the movement ledger, and the documents that they come from."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from growthring.engine.relation import literal
from growthring.kernel.currency import EXPONENT
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money, unit_name
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats
from growthring.operations.revenue.customers import Cut
from growthring.operations.revenue.show import View, period_asked
from growthring.operations.revenue.standalone import standalone
from growthring.revenue.metrics import Unit
from growthring.revenue.policy import Level
from growthring.tables import CANONICAL


@dataclass(frozen=True, slots=True)
class _Document:
    """A table of documents: which columns are shown, and which rows bear on a stretch of days."""

    columns: tuple[str, ...]
    bears: str
    """Condition on ``{first}``, the first day, and ``{after}``, the first day after the stretch."""
    order: str


_DOCUMENTS = {
    "invoice_line": _Document(
        ("issued_on", "product_id", "kind", "period_start", "period_end", "quantity", "amount", "currency", "paid_on"),
        "CASE WHEN period_start IS NULL OR period_end IS NULL THEN issued_on >= {first} AND issued_on < {after} "
        "ELSE period_start < {after} AND period_end > {first} END",
        "issued_on, invoice_line_id",
    ),
    "contract_line": _Document(
        ("starts_on", "ends_on", "product_id", "kind", "quantity", "amount", "billing_interval", "interval_count", "currency"),
        "starts_on < {after} AND (ends_on IS NULL OR ends_on >= {first})",
        "starts_on, contract_line_id",
    ),
    "usage": _Document(
        ("used_at", "product_id", "meter", "quantity"),
        "used_at >= {first} AND used_at < {after}",
        "used_at, usage_id",
    ),
}  # fmt: skip

DOCUMENTS = tuple(_DOCUMENTS)
"""Tables of documents that revenue is read from."""


def customer_movements(
    project: Project, customer: str, view: View, *, since: str = "", policy: str | None = None, progress: Progress = silent
) -> Answer:
    """Answer how a customer's recurring revenue changed: its entries in the movement ledger.

    Args:
        project: The project.
        customer: The customer as the policy counts it.
        view: The period; all of history when ``at`` is empty.
        since: The month compared with, where it is not the one before the period.
        policy: Policy name; the project's when absent.
        progress: Told about what has to be computed first.
    """
    reading = view.read(project, project.policy(policy), progress=progress)
    start, month = _span(reading, view, since) if view.at else (Month(0), reading.ledger.setting.last_complete_month)
    statement = (
        "SELECT movement.month, movement.movement, movement.driver, movement.reason, "
        "COALESCE(product.name, movement.product_id) AS product, movement.account_id, movement.movement_amount "
        "FROM movement LEFT JOIN product ON product.product_id = movement.product_id "
        f"WHERE movement.entity_id = {literal(customer)} AND movement.month > {start.index} "
        f"AND movement.month <= {month.index} "
        "ORDER BY movement.month DESC, ABS(movement.movement_amount) DESC, 2, 3, 4, 5"
    )
    found = reading.ledger.connection.execute(statement).fetchall()
    return Answer(
        metric="customer_movements",
        value=money(sum((row[-1] for row in found), Decimal(0)), reading.currency),
        unit=unit_name(Unit.MONEY_PER_MONTH, reading.currency),
        at=reading.ledger.setting.calendar.label(*period_asked(reading, view)) if view.at else f"to {month}",
        definition=f"What changed in the recurring revenue of {customer}: its entries in the movement ledger and their sum.",
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=[
            {"month": str(Month(at)), "movement": moved, "driver": driver, "reason": reason, "product": product,
             "account": account, "amount": _written(amount, reading.currency)}
            for at, moved, driver, reason, product, account, amount in found
        ],
        sql=standalone(reading, statement),
        caveats=caveats(reading, [month]),
    )  # fmt: skip


def customer_documents(
    project: Project, customer: str, table: str, view: View, cut: Cut, *, since: str = "", policy: str | None = None,
    progress: Progress = silent,
) -> Answer:  # fmt: skip
    """Answer which documents a customer's revenue comes from: rows of a table with the file and row they were read from.

    The value is how many rows bear on the months from the one compared with to the last of the period. ``counts`` says whether
    the policy reads recurring revenue from the row.

    Args:
        project: The project.
        customer: The customer as the policy counts it.
        table: invoice_line, contract_line or usage.
        view: The period.
        cut: Order, text and page.
        since: The month compared with, where it is not the one before the period.
        policy: Policy name; the project's when absent.
        progress: Told about what has to be computed first.

    Raises:
        UnknownValueError: There is no such table of documents, or no such column.
    """
    if table not in _DOCUMENTS:
        raise UnknownValueError("table of documents", table, DOCUMENTS)
    reading = view.read(project, project.policy(policy), progress=progress)
    start, month = _span(reading, view, since)
    sql = _documents_sql(reading, customer, table, start, month)
    columns = (*_DOCUMENTS[table].columns, "product", "key", "counts", "source_file", "source_row")
    matching = f"SELECT * FROM ({sql}) WHERE CONTAINS(LOWER(CONCAT_WS(' ', {', '.join(columns)})), {literal(cut.find.lower())})"
    found = reading.ledger.connection.execute(
        f"SELECT {', '.join(columns)}, COUNT(*) OVER () FROM ({matching}) ORDER BY {_order(cut, table, columns)}"
        + (f" LIMIT {cut.limit} OFFSET {cut.offset}" if cut.limit else "")
    ).fetchall()
    return Answer(
        metric=table,
        value=int(found[0][-1]) if found else 0,
        unit="count",
        at=f"{start} → {month}",
        definition=f"Rows of {table} that bear on the revenue of {customer} from {start} to {month}: {CANONICAL[table].meaning}",
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=[_document(dict(zip(columns, row[:-1], strict=True))) for row in found],
        sql=standalone(reading, sql),
        caveats=caveats(reading, [month]),
    )


def _span(reading: Reading, view: View, since: str) -> tuple[Month, Month]:
    month, period = period_asked(reading, view)
    start = reading.ledger.setting.calendar.parse(since)[1] if since else month - period.months
    return (start if start < month else month - period.months), month


def _documents_sql(reading: Reading, customer: str, table: str, start: Month, month: Month) -> str:
    """Return the statement of the rows of a table that bear on some months of a customer."""
    listed = ", ".join(literal(each) for each in _accounts(reading, customer))
    document = _DOCUMENTS[table]
    bears = document.bears.format(first=literal(start.first_day), after=literal((month + 1).first_day))
    key = CANONICAL[table].key[0]
    counts, joined = "NULL", ""
    if table != "usage":
        counts = "CASE WHEN counted.line_id IS NULL THEN 'no' ELSE 'yes' END"
        joined = (
            f" LEFT JOIN (SELECT DISTINCT line_id FROM segment WHERE account_id IN ({listed})) AS counted "
            f"ON counted.line_id = document.{key}"
        )
    columns = ", ".join(f"document.{name}" for name in (*document.columns, "source_file", "source_row"))
    return (
        f"SELECT document.{key} AS key, {counts} AS counts, COALESCE(product.name, document.product_id) AS product, {columns} "
        f"FROM {table} AS document LEFT JOIN product ON product.product_id = document.product_id{joined} "
        f"WHERE document.account_id IN ({listed}) AND {bears}"
    )


def _accounts(reading: Reading, customer: str) -> list[str]:
    """Return the accounts that a customer is made of: itself and its family, or the one that a smaller customer belongs to."""
    is_account = reading.policy.level in (Level.ACCOUNT, Level.PARENT)
    source = "entity_span" if is_account else "movement"
    found = reading.ledger.connection.execute(f"SELECT DISTINCT account_id FROM {source} WHERE entity_id = ?", [customer])
    return sorted({row[0] for row in found.fetchall()} | ({customer} if is_account else set())) or [customer]


def _order(cut: Cut, table: str, columns: tuple[str, ...]) -> str:
    name = cut.order.removeprefix("-")
    usual = _DOCUMENTS[table].order.replace(CANONICAL[table].key[0], "key")
    if not name:
        return usual
    if name not in columns:
        raise UnknownValueError("column", name, columns)
    return f"{name} {'DESC' if cut.order.startswith('-') else 'ASC'} NULLS LAST, {usual}"


def _document(row: dict[str, Any]) -> dict[str, Any]:
    """Return a document as plain values; its amount has at least the decimals of its currency."""
    written = {name: _plain(value) for name, value in row.items()}
    amount, code = row.get("amount"), row.get("currency")
    if isinstance(amount, Decimal) and code in EXPONENT and amount == Decimal(money(amount, code)):
        written["amount"] = money(amount, code)
    return written


def _written(amount: Decimal, currency: str) -> str:
    """Return an amount as text; what rounds to nothing has no sign."""
    text = money(amount, currency)
    return text.removeprefix("-") if not Decimal(text) else text


def _plain(value: Any) -> Any:  # noqa: ANN401 - any column of a document
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value == value.to_integral() else f"{value:f}".rstrip("0")
    return value if value is None or isinstance(value, str | int) else str(value)
