"""What changed since the last close, and why: the money, the movements, the customers and the segments behind it (RP-01)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money, plain, unit_name
from growthring.operations.data.closes import list_closes
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, last_month_of, read
from growthring.operations.revenue.names import NAMES
from growthring.operations.revenue.standalone import standalone
from growthring.operations.revenue.tables import add_up_movements
from growthring.revenue.evaluation import Question, account_attributes, evaluate, standalone_sql
from growthring.revenue.metrics import Metric, Unit, metric
from growthring.tables import MOVEMENTS

_FIGURES = ("mrr", "ndr", "grr", "customers")
_FEWEST = 10
"""Customers that a group needs to be named as a cause."""
_GROUPS = (2, 12)
"""Fewest and most groups of an attribute that is looked at."""


@dataclass(frozen=True, slots=True)
class Span:
    """Between which months things are compared.

    Attributes:
        start: The month that is compared with.
        end: The month looked at.
        is_since_close: Whether ``start`` is the last month that was closed.
    """

    start: Month
    end: Month
    is_since_close: bool


def span_of(project: Project, reading: Reading, at: str | None = None) -> Span:
    """Return the months compared: from the last close before the month looked at, else from the month before it."""
    end = last_month_of(reading, at, include_partial=False)
    closed = [each.month for each in list_closes(project) if each.policy_name == reading.policy.name and each.month < end.index]
    return Span(Month(max(closed)), end, True) if closed else Span(end - 1, end, False)


def what_changed(
    project: Project, *, at: str | None = None, policy: str | None = None, top: int = 5, progress: Progress = silent
) -> Answer:
    """Answer how recurring revenue changed since the last close, by movement and by customer.

    Rows come in kinds: ``figure`` (a metric then and now), ``step`` (start, each movement with its customers, end; they add up)
    and ``customer`` (who moved it most, gains and losses, with the movement that did most of it).

    Args:
        project: The project.
        at: The month looked at; the last complete one when absent.
        policy: The policy; the project's when absent.
        top: Customers named on each side.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: There is no recurring revenue to compare with.
    """
    reading = read(project, policy=project.policy(policy), progress=progress)
    span = span_of(project, reading, at)
    if reading.first_month is None or span.start < reading.first_month:
        raise GrowthringError(
            f"There is no recurring revenue before {span.end} to compare with.",
            remedy="Another month of data is needed; `growthring run` reads it.",
        )
    steps = _steps(reading, span)
    change = Decimal(steps[-1]["amount"]) - Decimal(steps[0]["amount"])
    since = "since it was closed" if span.is_since_close else "the month before"
    return Answer(
        metric="what_changed",
        value=money(change, reading.currency),
        unit=unit_name(Unit.MONEY_PER_MONTH, reading.currency),
        at=f"{span.start} → {span.end}",
        definition=f"Recurring revenue of {span.end} less that of {span.start}, {since}: its movements and customers.",
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=[*_figures(reading, span), *steps, *_customers(reading, span, top)],
        sql=standalone(reading, _moved_sql(span)),
        caveats=[*_unclosed(span, reading), *caveats(reading, [span.end])],
    )


def _unclosed(span: Span, reading: Reading) -> list[str]:
    if span.is_since_close:
        return []
    return [f"No month before {span.end} was closed under policy {reading.policy.name}: it is compared with the month before it."]


def where_it_leaks(project: Project, *, at: str | None = None, policy: str | None = None, progress: Progress = silent) -> Answer:
    """Answer which groups of customers pull net dollar retention down or up most.

    A row is a group of an attribute: its NDR, its share of the revenue of the base date, the revenue it brought in the last
    twelve months, and its effect: how far it moves the NDR of all, against a group that keeps as much as the others together.
    Groups of fewer than ten customers are left out. Rows are in order of the size of the effect.
    """
    reading = read(project, policy=project.policy(policy), progress=progress)
    month = last_month_of(reading, at, include_partial=False)
    ndr = metric("ndr")
    whole = evaluate(reading.ledger, Question(ndr, (month,)))
    start = whole[0].denominator if whole else None
    rows: list[dict[str, Any]] = []
    if start and whole:
        for attribute in account_attributes(reading.ledger):
            rows += _groups(reading, ndr, month, attribute, (whole[0].numerator, start))
    rows.sort(key=lambda row: -abs(row["effect"]))
    return Answer(
        metric="where_it_leaks",
        value=plain(whole[0].value, ndr.unit, reading.currency) if start else None,
        unit="ratio",
        at=str(month),
        definition="NDR of groups of customers, and how far each moves the NDR of all against one that keeps as the others do.",
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=rows,
        sql=standalone_sql(reading.ledger, Question(ndr, (month,))),
        caveats=[
            *([] if start else [f"Undefined, because nothing was earned a year before {month}."]),
            f"{len(rows)} groups were compared, so the largest effect looks larger than it would alone.",
            *caveats(reading, [month]),
        ],
    )


def _groups(reading: Reading, ndr: Metric, month: Month, attribute: str, whole: tuple[Decimal, Decimal]) -> list[dict[str, Any]]:
    """Return the groups of an attribute, where it tells customers apart and is known of them."""
    points = evaluate(reading.ledger, Question(ndr, (month,), by=attribute))
    if not _GROUPS[0] <= len(points) <= _GROUPS[1]:
        return []
    new = Question(metric("new_mrr"), (month,), PeriodKind.FISCAL_YEAR, attribute)
    brought = {each.group: each.numerator for each in evaluate(reading.ledger, new)}
    found = []
    for point in points:
        base = point.denominator or Decimal(0)
        others = whole[1] - base
        if point.customers < _FEWEST or base <= 0 or others <= 0:
            continue
        kept = (whole[0] - point.numerator) / others
        found.append(
            {
                "attribute": attribute,
                "group": point.group,
                "ndr": float(point.numerator / base),
                "others_ndr": float(kept),
                "customers": point.customers,
                "base_share": float(base / whole[1]),
                "effect": float((point.numerator - base * kept) / whole[1]),
                "lost_amount": money(point.numerator - base * kept, reading.currency),
                "new_in_12_months": money(brought.get(point.group, Decimal(0)), reading.currency),
            }
        )
    return found


def _figures(reading: Reading, span: Span) -> list[dict[str, Any]]:
    rows = []
    for name in _FIGURES:
        wanted = metric(name)
        found = {each.at_month: each for each in evaluate(reading.ledger, Question(wanted, (span.start, span.end)))}
        then, now = (found[month].value if month in found else None for month in (span.start, span.end))
        rows.append(
            {
                "kind": "figure",
                "metric": name,
                "before": plain(then, wanted.unit, reading.currency),
                "now": plain(now, wanted.unit, reading.currency),
                "unit": unit_name(wanted.unit, reading.currency),
            }
        )
    return rows


def _steps(reading: Reading, span: Span) -> list[dict[str, Any]]:
    balance = "SELECT COALESCE(SUM(amount), 0) FROM entity_month WHERE month = ?"
    start, end = (
        Decimal((reading.ledger.connection.execute(balance, [month.index]).fetchone() or (0,))[0])
        for month in (span.start, span.end)
    )
    found = {
        movement: (amount, customers)
        for movement, amount, customers in reading.ledger.connection.execute(
            f"SELECT movement, SUM(movement_amount), COUNT(DISTINCT entity_id) FROM ({_moved_sql(span)}) GROUP BY 1"
        ).fetchall()
    }
    rounded = add_up_movements(start, {name: amount for name, (amount, _) in found.items()}, end, reading.currency)
    return [
        {"kind": "step", "step": "start", "amount": rounded["start"], "customers": None},
        *(
            {"kind": "step", "step": name, "amount": rounded[name], "customers": found[name][1]}
            for name in MOVEMENTS
            if name in found and found[name][0]
        ),
        {"kind": "step", "step": "end", "amount": rounded["end"], "customers": None},
    ]


def _customers(reading: Reading, span: Span, top: int) -> list[dict[str, Any]]:
    """Return who moved revenue most: the largest gains, then the largest losses."""
    ranked = f"""
        WITH part AS (
          SELECT entity_id, movement, driver, reason, SUM(movement_amount) AS amount
          FROM ({_moved_sql(span)}) GROUP BY 1, 2, 3, 4
        ), entity AS (
          SELECT entity_id, SUM(amount) AS amount, ARG_MAX(movement, ABS(amount)) AS movement,
            ARG_MAX(driver, ABS(amount)) AS driver, ARG_MAX(reason, ABS(amount)) AS reason
          FROM part GROUP BY 1
        ), placed AS (
          SELECT entity.*, ROW_NUMBER() OVER (PARTITION BY amount > 0 ORDER BY ABS(amount) DESC, entity_id) AS place
          FROM entity WHERE amount <> 0
        )
        SELECT placed.entity_id, placed.amount, placed.movement, placed.driver, placed.reason, named.name
        FROM placed LEFT JOIN ({NAMES}) AS named
          ON named.account_id = placed.entity_id
        WHERE placed.place <= {int(top)} ORDER BY placed.amount > 0 DESC, ABS(placed.amount) DESC, 1
    """  # fmt: skip
    return [
        {
            "kind": "customer",
            "customer": entity,
            "name": name or "",
            "amount": money(amount, reading.currency),
            "movement": movement,
            "driver": driver or "",
            "reason": reason or "",
        }
        for entity, amount, movement, driver, reason, name in reading.ledger.connection.execute(ranked).fetchall()
    ]


def _moved_sql(span: Span) -> str:
    return (
        "SELECT entity_id, month, movement, driver, reason, movement_amount FROM movement "
        f"WHERE month > {span.start.index} AND month <= {span.end.index}"
    )
