"""Explain: a figure in words, its switches, its SQL, its row counts, and the customers and drivers that moved it."""

from decimal import Decimal
from typing import Any

from growthring.engine.dialects import transpile
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money, plain, unit_name
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, undefined_because
from growthring.operations.revenue.names import names_of
from growthring.operations.revenue.show import View, period_asked, show
from growthring.operations.wording import in_words
from growthring.revenue.evaluation import Question, base_month, contributions_sql, evaluate, standalone_sql
from growthring.revenue.metrics import Combine, Metric, Unit, metric
from growthring.revenue.policy import Policy

_MOVED = 10


def explain(
    project: Project, name: str, view: View, *, policy: str | None = None, dialect: str = "duckdb", progress: Progress = silent
) -> Answer:
    """Answer what a figure is made of.

    The rows come in kinds: ``switch`` (a policy field and its value), ``count`` (rows read and used), ``line`` (money of the
    accepted invoice lines by their kind), ``driver`` (movements between the base date and now) and ``customer`` (who moved it
    most).
    """
    wanted = metric(name)
    if wanted.combine is Combine.TABLE:
        return show(project, name, view, policy=policy, progress=progress)
    reading = view.read(project, project.policy(policy), wanted, progress)
    month, period = period_asked(reading, view)
    question = Question(wanted, (month,), period)
    points = evaluate(reading.ledger, question)
    point = points[0] if points else None
    reason = undefined_because(
        reading, wanted, month, point.denominator if point else None, include_partial=view.include_partial, period=period
    )
    rows = [
        *_switches(reading.policy),
        *_counts(reading),
        *_lines(reading),
        *_drivers(reading, wanted, month, period),
        *_customers(reading, question),
    ]
    value = point.value if point and not reason else (None if wanted.denominator or reason else Decimal(0))
    return Answer(
        metric=wanted.name,
        value=plain(value, wanted.unit, reading.currency),
        unit=unit_name(wanted.unit, reading.currency),
        at=reading.ledger.setting.calendar.label(month, period),
        definition=in_words(wanted, reading.policy, month),
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=rows,
        sql=transpile(standalone_sql(reading.ledger, question), dialect),
        caveats=[*([reason[0].upper() + reason[1:] + "."] if reason else []), *caveats(reading, [month])],
    )


def _switches(policy: Policy) -> list[dict[str, Any]]:
    return [{"kind": "switch", "name": name, "value": value} for name, value in policy.switches.items()]


def _counts(reading: Reading) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for source in dict.fromkeys(file.source for file in reading.snapshot.files):
        files = [file for file in reading.snapshot.files if file.source == source]
        counts = {name: sum(getattr(file, name) for file in files) for name in ("read", "accepted", "corrected", "rejected")}
        rows.append({"kind": "count", "name": source, "files": len(files), **counts})
    for name in ("recurring", "movement", "entity_month"):
        found = reading.ledger.connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()
        rows.append({"kind": "count", "name": name, "rows": int(found[0]) if found else 0})
    return rows


def _lines(reading: Reading) -> list[dict[str, Any]]:
    """Money of the accepted invoice lines by kind, so that what a policy leaves out of recurring revenue is seen."""
    found = reading.ledger.connection.execute(
        "SELECT kind, currency, COUNT(*), SUM(amount) FROM invoice_line GROUP BY 1, 2 ORDER BY 2, ABS(SUM(amount)) DESC, 1"
    ).fetchall()
    return [
        {"kind": "line", "line_kind": kind, "currency": currency, "lines": lines, "amount": money(total, currency)}
        for kind, currency, lines, total in found
    ]


def _drivers(reading: Reading, wanted: Metric, month: Month, period: PeriodKind) -> list[dict[str, Any]]:
    """Movements between the base date and the month, of the base's customers alone where the metric has a base."""
    start = base_month(reading.policy, wanted, month, period) if wanted.relation == "retention" else month - period.months
    based = wanted.relation == "retention" and reading.policy.ndr.value != "bridge"
    only = f"AND entity_id IN (SELECT entity_id FROM entity_month WHERE month = {start.index} AND amount > 0)" if based else ""
    found = reading.ledger.connection.execute(
        "SELECT movement, driver, reason, COUNT(DISTINCT entity_id), SUM(movement_amount) FROM movement "
        f"WHERE month > {start.index} AND month <= {month.index} {only} GROUP BY 1, 2, 3 "
        "ORDER BY ABS(SUM(movement_amount)) DESC, 1, 2, 3"
    ).fetchall()
    return [
        {
            "kind": "driver",
            "movement": movement,
            "driver": driver,
            "reason": note,
            "customers": customers,
            "amount": plain(total, Unit.MONEY_PER_MONTH, reading.currency),
            "from": str(start),
            "to": str(month),
        }
        for movement, driver, note, customers, total in found
    ]


def _customers(reading: Reading, question: Question) -> list[dict[str, Any]]:
    """The customers that moved the figure most: by numerator less denominator for ratios, by size for sums."""
    by = (
        "numerator - COALESCE(denominator, 0)"
        if question.metric.unit is Unit.RATIO and question.metric.relation in ("retention", "renewal")
        else "numerator"
    )
    found = reading.ledger.connection.execute(
        f"SELECT entity_id, SUM(numerator), SUM(denominator) FROM ({contributions_sql(reading.ledger, question)}) "
        f"GROUP BY 1 HAVING SUM({by}) <> 0 ORDER BY ABS(SUM({by})) DESC, 1 LIMIT {_MOVED}"
    ).fetchall()
    names = names_of(reading, {row[0] for row in found})
    return [
        {
            "kind": "customer",
            "customer": entity,
            "name": names.get(entity, ""),
            "numerator": str(numerator.quantize(Decimal("0.01"))),
            "denominator": str(denominator.quantize(Decimal("0.01"))) if denominator is not None else None,
        }
        for entity, numerator, denominator in found
    ]
