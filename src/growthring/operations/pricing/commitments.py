"""Commitments: what is still promised (RPO, cRPO), how balances burn down, and how much revenue is promised at all."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from growthring.engine.relation import relation
from growthring.kernel.errors import GrowthringError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, Value, by_currency, money
from growthring.operations.known_names import KnownNames
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from growthring.pricing.commitments import (
    CommitmentInputs,
    burn_down,
    compute_commitments,
    remaining_obligations,
    revenue_split,
    total_obligations,
)
from growthring.pricing.reference import plain

_SHOWN = Decimal("0.0001")
_DEFINITIONS = {
    "rpo": "Remaining performance obligations: what customers promised and did not consume yet; current is due in a year (cRPO).",
    "burn_down": "Consumed and left of each commitment, its pace over the last complete months, and where that leads.",
    "revenue_split": (
        "Revenue of the last twelve months by how firmly it is promised: inside commitments, in fees of contracts beyond them, "
        "and not promised at all; at risk is what a fall in usage takes while commitments hold, and once they are renewed lower."
    ),
}


def commitments(
    project: Project, *, on: date | None = None, as_of: datetime | None = None, progress: Progress = silent
) -> Answer:
    """Answer what customers still owe of their promises: RPO and cRPO by account and currency (PR-06)."""
    connection, computed, day = computed_commitments(project, on=on, as_of=as_of, progress=progress)
    found = remaining_obligations(connection, day, computed=computed)
    totals = total_obligations(found)
    rows = [_plain(each, each.currency) for each in (*found, *totals)]
    for row in rows[len(found) :]:
        row["account_id"] = "total"
    value, unit = by_currency({each.currency: each.remaining_amount for each in totals})
    return commitment_answer(project, "rpo", _DEFINITIONS["rpo"], value, unit, day, rows)


def account_commitments(
    project: Project, account: str, *, on: date | None = None, as_of: datetime | None = None, progress: Progress = silent
) -> Answer:
    """Answer how an account's commitments burn down (PR-05, PR-06)."""
    connection, computed, day = computed_commitments(project, on=on, as_of=as_of, progress=progress)
    found = burn_down(connection, account, day, computed=computed)
    if not found:
        raise GrowthringError(
            f"{account} has no commitment in force on {day}.", remedy="`growthring commitments` lists accounts with commitments."
        )
    return commitment_answer(
        project, "burn_down", _DEFINITIONS["burn_down"], len(found), "commitments", day, [_plain(each, "") for each in found]
    )


def promised_revenue(
    project: Project,
    stress: Decimal,
    *,
    by: str = "segment",
    on: date | None = None,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer how much revenue is committed, contracted and uncommitted, and what a fall in usage puts at risk (PR-25).

    Raises:
        UnknownValueError: No account has the attribute.
    """
    KnownNames(project).require_attribute(by)
    connection, computed, day = computed_commitments(project, on=on, as_of=as_of, progress=progress)
    found = revenue_split(connection, stress, on=day, attribute=by, computed=computed)
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for each in found:
        row = sums.setdefault((each.segment or "(unknown)", each.currency), {})
        for field in fields(each):
            if field.name.endswith("_amount"):
                row[field.name] = row.get(field.name, Decimal(0)) + getattr(each, field.name)
    rows = [
        {by: segment, "currency": currency} | {name.removesuffix("_amount"): money(row[name], currency) for name in row}
        for (segment, currency), row in sorted(sums.items())
    ]
    return commitment_answer(
        project,
        "revenue_split",
        _DEFINITIONS["revenue_split"],
        len(rows),
        f"groups under {plain(stress * 100)} % less usage",
        day,
        rows,
    )


def computed_commitments(
    project: Project, *, on: date | None = None, as_of: datetime | None = None, progress: Progress = silent
) -> tuple[duckdb.DuckDBPyConnection, CommitmentInputs, date]:
    """Compute all commitments as of a day, once for each day while the project's books stay open.

    Args:
        project: The project.
        on: The day of the look; the day after the data when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.

    Returns:
        A connection of its own that holds what `compute_commitments` computed, its inputs, and the day.
    """
    rating = rate(project, as_of=as_of, progress=progress)
    day = on or rating.terms.through + timedelta(days=1)

    def computed() -> tuple[duckdb.DuckDBPyConnection, CommitmentInputs]:
        connection = rating.connection.cursor()
        connection.execute("SET TimeZone = 'UTC'")  # a cursor begins with the machine's own
        define_drawable(connection)
        return connection, compute_commitments(connection, day)

    key = ("commitments", project.snapshot().snapshot_id, repr(rating.terms), day)
    connection, inputs = project.kept(key, computed)
    return connection, inputs, day


def define_drawable(connection: duckdb.DuckDBPyConnection) -> None:
    """Define what commitments may pay for, in a connection that holds rated lines and bills."""
    connection.execute(f"CREATE OR REPLACE VIEW drawable AS {relation('growthring.pricing.rating', 'drawable').sql}")


def _plain(each: object, currency: str) -> dict[str, Any]:
    """Return a dataclass as a row: money with its decimals, other numbers without trailing zeros, days as text."""
    assert is_dataclass(each)  # noqa: S101
    return {field.name.removesuffix("_amount"): _value(getattr(each, field.name), field.name, currency) for field in fields(each)}


def _value(value: object, name: str, currency: str) -> object:
    if isinstance(value, Decimal):
        return money(value, currency) if currency and name.endswith("_amount") else plain(value.quantize(_SHOWN))
    return value.isoformat() if isinstance(value, date) else value


def commitment_answer(
    project: Project,
    metric: str,
    definition: str,
    value: Value,
    unit: str,
    on: date,
    rows: Sequence[dict[str, Any]],
    caveats: Sequence[str] = (),
) -> Answer:
    """Return an answer about commitments as they stand on a day.

    Args:
        project: The project.
        metric: Name of the question.
        definition: The meaning in words.
        value: The figure.
        unit: What it counts.
        on: The day of the look.
        rows: The rows behind it.
        caveats: What a reader must know.
    """
    return Answer(
        metric=metric,
        value=value,
        unit=unit,
        at=on.isoformat(),
        definition=definition,
        policy={"name": "commitments", "version": "rating"},
        snapshot=project.snapshot().snapshot_id,
        rows=list(rows),
        caveats=list(caveats),
    )
