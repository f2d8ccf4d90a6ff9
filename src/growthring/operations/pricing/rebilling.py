"""Corrections: what late records, amendments and new prices change about periods that were billed already."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.engine.relation import relation
from growthring.engine.small_table import put_rows
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, by_currency, money
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from growthring.tables import BILL

_DEFINITION = (
    "Periods that had ended when they were billed, rated again from everything known now, less what was billed then. "
    "The book's policy says whether a correction is booked on the period it is about or on the running one."
)


def corrections(project: Project, billed_at: datetime, *, progress: Progress = silent) -> Answer:
    """Answer what has to be billed or credited since bills were issued.

    Rating is cumulative, so late events, corrections of records and new prices are one mechanism.

    Args:
        project: The project.
        billed_at: When the bills were issued: they were rated from what was known then.
        progress: Told about each month rated.
    """
    before = rate(project, as_of=billed_at, progress=progress)
    columns = ", ".join(BILL.column_names)
    issued = before.connection.execute(f"SELECT {columns} FROM bill").to_arrow_table()  # noqa: F841 - read by name below
    now = rate(project, progress=progress)
    now.connection.execute(f"CREATE OR REPLACE TABLE billed_before AS SELECT {columns} FROM issued")
    bookings = [(book.name, book.rating_policy.booking) for book in now.terms.books]
    put_rows(now.connection, "book_booking", "book VARCHAR, booking VARCHAR", bookings)
    values = {"billed_on": billed_at.date(), "today": now.terms.through}
    sql = relation("growthring.pricing.rating", "correction", values).sql
    cursor = now.connection.execute(f"SELECT * FROM ({sql}) ORDER BY ABS(correction_amount) DESC, subscription_id, period_start")
    names = [column[0] for column in cursor.description or []]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    totals: dict[str, Decimal] = {}
    for row in found:
        totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + row["correction_amount"]
    value, unit = by_currency(totals)
    return Answer(
        metric="corrections",
        value=value,
        unit=unit,
        at=f"since {billed_at:%Y-%m-%d}",
        definition=_DEFINITION,
        policy={"name": ", ".join(sorted({book.policy for book in now.terms.books})), "version": "rating"},
        snapshot=project.snapshot().snapshot_id,
        rows=[_shown(row) for row in found],
        sql=sql,
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "account": row["account_id"],
        "subscription": row["subscription_id"],
        "period": row["period_start"].isoformat(),
        "currency": row["currency"],
        **{name: money(row[f"{name}_amount"], row["currency"]) for name in ("billed", "rated", "correction")},
        "booked_on": row["booked_on"].isoformat(),
    }
