"""Metrics that are tables: the movement ledger and the cohort triangles."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from growthring.engine.relation import compose
from growthring.kernel.currency import exponent
from growthring.kernel.errors import LedgerImbalanceError
from growthring.kernel.period import Month, PeriodKind
from growthring.operations.answer import Answer, Value, money, plain, unit_name
from growthring.operations.reading import Reading, caveats
from growthring.revenue.evaluation import Question, question_chain
from growthring.revenue.metrics import Metric, Unit
from growthring.tables import MOVEMENTS


def table_answer(reading: Reading, wanted: Metric, months: Sequence[Month], period: PeriodKind, by: str) -> Answer:
    """Answer with a table: movements of each period, or cohorts up to the last month."""
    question = Question(wanted, tuple(months), period, by)
    chain = question_chain(reading.ledger, question)
    sql = compose(chain, wanted.relation)
    if wanted.name == "movements":
        rows, value = _movements(reading, question, sql)
    else:
        rows, value = _cohorts(reading, wanted, months[-1], period, sql)
    return Answer(
        metric=wanted.name,
        value=value,
        unit=unit_name(wanted.unit, reading.currency),
        at=reading.ledger.setting.calendar.label(months[-1], period),
        definition=f"{wanted.definition} {wanted.formula}.",
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=rows,
        sql=compose([*reading.ledger.chain, *chain], wanted.relation),
        caveats=caveats(reading, months),
    )


def _movements(reading: Reading, question: Question, sql: str) -> tuple[list[dict[str, Any]], Value]:
    calendar, currency = reading.ledger.setting.calendar, reading.currency
    grouped = _grouped_flow(reading, question, sql)
    balances = _ends(reading, question)
    rows: list[dict[str, Any]] = []
    for (month, group), amounts in sorted(grouped.items()):
        start, end = balances.get((month, group), (Decimal(0), Decimal(0)))
        if start + sum(amounts.values(), Decimal(0)) != end:
            raise LedgerImbalanceError(
                f"The movements of {group or 'the company'} in {Month(month)} do not add up: "
                f"{start} + {sum(amounts.values())} ≠ {end}.",
                remedy="Run `growthring run`.",
            )
        row: dict[str, Any] = {"at": calendar.label(Month(month), question.period)}
        if question.by:
            row[question.by] = group
        rows.append({**row, **add_up_movements(start, amounts, end, currency)})
    last = rows[-1]["end"] if rows else money(Decimal(0), currency)
    return rows, last


def _grouped_flow(reading: Reading, question: Question, sql: str) -> dict[tuple[int, str], dict[str, Decimal]]:
    grouping = _grouping(reading, question)
    found = reading.ledger.connection.execute(
        f"SELECT flow.at_month, {grouping[0]} AS group_value, flow.movement, SUM(flow.movement_amount) "
        f"FROM ({sql}) AS flow {grouping[1]} GROUP BY 1, 2, 3"
    ).fetchall()
    grouped: dict[tuple[int, str], dict[str, Decimal]] = defaultdict(dict)
    for month, group, movement, moved in found:
        grouped[month, group][movement] = moved
    return grouped


def _ends(reading: Reading, question: Question) -> dict[tuple[int, str], tuple[Decimal, Decimal]]:
    chain = question_chain(reading.ledger, question)
    grouping = _grouping(reading, question)
    balance = compose(chain, "balance")
    rows = reading.ledger.connection.execute(
        f"SELECT flow.at_month, {grouping[0]} AS group_value, SUM(flow.start_amount), SUM(flow.end_amount) "
        f"FROM ({balance}) AS flow {grouping[1]} GROUP BY 1, 2"
    ).fetchall()
    return {(month, group): (start, end) for month, group, start, end in rows}


def _grouping(reading: Reading, question: Question) -> tuple[str, str]:
    if not question.by:
        return "''", ""
    grouping = compose(question_chain(reading.ledger, question), "grouping")
    return (
        "COALESCE(grouping.group_value, '(unknown)')",
        "JOIN month_spine AS spine ON spine.month = flow.at_month "
        f"LEFT JOIN ({grouping}) AS grouping ON grouping.entity_id = flow.entity_id "
        "AND spine.last_day >= grouping.from_on AND spine.last_day < grouping.to_on",
    )


def add_up_movements(start: Decimal, amounts: dict[str, Decimal], end: Decimal, currency: str) -> dict[str, str]:
    """Round start, movements and end to minor units so that they still add up: leftovers go to the largest remainders."""
    unit = Decimal(1).scaleb(-exponent(currency))
    first, last = Decimal(money(start, currency)), Decimal(money(end, currency))
    rounded = {name: Decimal(money(amounts.get(name, Decimal(0)), currency)) for name in MOVEMENTS}
    missing = int((last - first - sum(rounded.values(), Decimal(0))) / unit)
    step = unit if missing > 0 else -unit
    moved = [name for name in MOVEMENTS if amounts.get(name)]
    moved.sort(key=lambda name: (rounded[name] - amounts[name]) * (1 if missing > 0 else -1))
    for index in range(abs(missing)):
        rounded[moved[index % len(moved)]] += step
    return {"start": str(first), **{name: str(amount) for name, amount in rounded.items()}, "end": str(last)}


def _cohorts(reading: Reading, wanted: Metric, last: Month, period: PeriodKind, sql: str) -> tuple[list[dict[str, Any]], Value]:
    found = reading.ledger.connection.execute(
        f"SELECT first_month, month, active_customers, amount FROM ({sql}) ORDER BY 1, 2"
    ).fetchall()
    calendar = reading.ledger.setting.calendar
    cells: dict[Month, dict[int, tuple[int, Decimal]]] = defaultdict(dict)
    sizes: dict[Month, int] = defaultdict(int)
    bases: dict[Month, Decimal] = defaultdict(Decimal)
    for first, month, customers, amount in found:
        vintage = calendar.period_of(Month(first), period)[1]
        if first == month:
            sizes[vintage] += customers
            bases[vintage] += amount
        here = calendar.period_of(Month(month), period)[1]
        if here.index != month or here > last:
            continue
        age = (here.index - vintage.index) // period.months
        before = cells[vintage].get(age, (0, Decimal(0)))
        cells[vintage][age] = (before[0] + customers, before[1] + amount)
    rows: list[dict[str, Any]] = []
    for vintage in sorted(sizes):
        for age, (customers, amount) in sorted(cells[vintage].items()):
            value = _cell(wanted.name, customers, sizes[vintage], amount, bases[vintage])
            rows.append(
                {
                    "vintage": calendar.label(vintage, period),
                    "age": age,
                    "value": plain(value, wanted.unit, reading.currency) if wanted.unit is Unit.MONEY_PER_MONTH else value,
                    "customers": customers,
                    "size": sizes[vintage],
                }
            )
    return rows, None


def _cell(name: str, customers: int, size: int, amount: Decimal, base: Decimal) -> Decimal | float | None:
    match name:
        case "cohort_logo":
            return customers / size if size else None
        case "cohort_ndr":
            return float(amount / base) if base else None
        case _:
            return amount
