"""Budget against actual of a project: by indicator and period, down the tree of indicators, with the trend of errors (FC-28)."""

import csv
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from growthring.forecast.budget import PRODUCTS, SUMS, Accuracy, Branch, accuracy, split_product, split_sum
from growthring.kernel.errors import ConfigurationError
from growthring.kernel.period import FiscalCalendar, Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, plain
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, read
from growthring.revenue.evaluation import Question, evaluate
from growthring.revenue.metrics import Combine, Metric, metric

_DEFINITION = (
    "Actual less budget of each indicator and period; the miss of recurring revenue is split into customers × revenue a customer "
    "and into movements, without a rest. The value is the mean absolute relative miss of all indicators and periods."
)
_COLUMNS = "indicator,at,budget"
_LENGTHS = {1: PeriodKind.MONTH, 3: PeriodKind.QUARTER, 12: PeriodKind.FISCAL_YEAR}


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One budgeted figure.

    Attributes:
        metric: The indicator.
        last: Last month of the period.
        period: Its length.
        budget: What was budgeted.
        actual: What came; nothing while the period is not over or the figure is undefined.
    """

    metric: Metric
    last: Month
    period: PeriodKind
    budget: Decimal
    actual: Decimal | None = None


def budget(
    project: Project, path: Path, *, policy: str | None = None, as_of: datetime | None = None, progress: Progress = silent
) -> Answer:
    """Answer how a budget compares with what came.

    Args:
        project: The project.
        path: A CSV with the columns indicator (a metric), at (a month, quarter or fiscal year) and budget.
        policy: Policy that defines the actuals; the project's when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    given = read_budget(path, project.calendar)
    reading = read(project, policy=project.policy(policy), as_of=as_of, progress=progress)
    lines = _with_actuals(reading, given)
    known = [each for each in lines if each.actual is not None]
    judged = _judged(known)
    errors = [abs(float((each.actual or 0) - each.budget) / float(each.budget)) for each in known if each.budget]
    waiting = len(lines) - len(known)
    told = [f"{waiting} budgeted figures have no actual: the period is not over, or the figure is undefined."] if waiting else []
    none = [] if errors else ["No budgeted period is over yet."]
    return Answer(
        metric="budget_error", value=round(sum(errors) / len(errors), 4) if errors else None, unit="ratio",
        at=str(reading.ledger.setting.last_complete_month), definition=_DEFINITION, policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=[*(_row(each, reading) for each in lines), *_tree_rows(known, reading), *judged],
        caveats=[*none, *told, *caveats(reading, [])],
    )  # fmt: skip


def read_budget(path: Path, calendar: FiscalCalendar) -> list[BudgetLine]:
    """Read a budget file.

    Raises:
        ConfigurationError: The file cannot be read, or says something twice; names the row.
        UnknownValueError: An indicator is no metric.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
            names = reader.fieldnames or []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.", remedy=f"Give a CSV with the columns {_COLUMNS}.") from error
    if missing := [name for name in _COLUMNS.split(",") if name not in names]:
        raise ConfigurationError(f"{path} lacks the columns {', '.join(missing)}.", valid=f"Columns: {_COLUMNS}.")
    found: dict[tuple[str, Month, PeriodKind], BudgetLine] = {}
    for number, row in enumerate(rows, 1):
        wanted = metric((row["indicator"] or "").strip())
        first, last = calendar.parse(row["at"] or "")
        period = _LENGTHS[last.index - first.index + 1]
        if wanted.combine is Combine.TABLE or wanted.basis:
            raise ConfigurationError(f"{path}, row {number}: {wanted.name} cannot be budgeted.", valid="Any other figure can.")
        if (wanted.name, last, period) in found:
            raise ConfigurationError(f"{path}, row {number}: {wanted.name} at {row['at']} is there twice.")
        found[wanted.name, last, period] = BudgetLine(wanted, last, period, _number(row["budget"] or "", path, number))
    return [found[key] for key in sorted(found, key=lambda key: (key[0], key[2], key[1]))]


def _number(text: str, path: Path, row: int) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").strip())
    except InvalidOperation as error:
        raise ConfigurationError(f"{path}, row {row}: {text!r} is no number.", valid="Valid: digits with a point.") from error
    if not number.is_finite():
        raise ConfigurationError(f"{path}, row {row}: {text!r} is no number.", valid="Valid: digits with a point.")
    return number


def _with_actuals(reading: Reading, lines: list[BudgetLine]) -> list[BudgetLine]:
    last = reading.ledger.setting.last_complete_month
    actual: dict[tuple[str, Month, PeriodKind], Decimal] = {}
    for name, period in sorted({(each.metric.name, each.period) for each in lines}):
        mine = [each for each in lines if each.metric.name == name and each.period is period]
        months = tuple(sorted({each.last for each in mine if each.last <= last}))
        for point in evaluate(reading.ledger, Question(mine[0].metric, months, period)) if months else []:
            if point.value is not None:
                actual[name, point.at_month, period] = Decimal(str(point.value))
    return [
        BudgetLine(each.metric, each.last, each.period, each.budget, actual.get((each.metric.name, each.last, each.period)))
        for each in lines
    ]


def _row(line: BudgetLine, reading: Reading) -> dict[str, Any]:
    unit, currency = line.metric.unit, reading.currency
    miss = None if line.actual is None else line.actual - line.budget
    relative = None if miss is None or not line.budget else f"{100 * miss / abs(line.budget):+.1f} %"
    return {
        "kind": "line", "indicator": line.metric.name, "at": _label(line, reading), "budget": plain(line.budget, unit, currency),
        "actual": plain(line.actual, unit, currency), "miss": plain(miss, unit, currency), "relative": relative,
    }  # fmt: skip


def _label(line: BudgetLine, reading: Reading) -> str:
    return reading.project.calendar.label(line.last, line.period)


def _tree_rows(known: list[BudgetLine], reading: Reading) -> list[dict[str, Any]]:
    """Split the miss of each indicator that has others below it in the budget."""
    at = {(each.metric.name, each.last, each.period): each for each in known}
    rows: list[dict[str, Any]] = []
    for line in known:
        for split, branches in _branches(line, at):
            head = {"kind": "tree", "indicator": line.metric.name, "at": _label(line, reading), "split": split}
            for each in branches:
                rows.append(head | {"part": each.indicator, "effect": plain(each.effect, line.metric.unit, reading.currency)})
    return rows


def _branches(line: BudgetLine, at: dict[tuple[str, Month, PeriodKind], BudgetLine]) -> list[tuple[str, list[Branch]]]:
    name, miss = line.metric.name, _miss(line)
    found = []
    factors = [at.get((factor, line.last, line.period)) for factor in PRODUCTS.get(name, ())]
    if len(factors) == 2 and factors[0] and factors[1]:
        one, two = factors[0], factors[1]
        parts = (one.budget, two.budget), (one.actual or Decimal(0), two.actual or Decimal(0))
        found.append(("factors", split_product(*parts, (one.metric.name, two.metric.name), miss)))
    moved = {
        movement: (sign, _miss(below))
        for movement, sign in SUMS.get(name, ())
        if (below := at.get((movement, line.last, line.period))) is not None
    }
    if moved:
        before = at.get((name, line.last - line.period.months, line.period))
        found.append(("movements", split_sum(miss, _miss(before) if before else None, moved)))
    return found


def _miss(line: BudgetLine) -> Decimal:
    return (line.actual or Decimal(0)) - line.budget


def _judged(known: list[BudgetLine]) -> list[dict[str, Any]]:
    rows = []
    for name, period in sorted({(each.metric.name, each.period) for each in known}):
        mine = [each for each in known if each.metric.name == name and each.period is period]
        found: Accuracy = accuracy([each.budget for each in mine], [each.actual or Decimal(0) for each in mine])
        rows.append(
            {
                "kind": "accuracy", "indicator": name, "period": period.value, "periods": found.periods,
                "bias": f"{100 * found.bias:+.1f} %", "error": f"{100 * found.error:.1f} %",
                "volatility": None if found.volatility is None else f"{100 * found.volatility:.1f} %",
                "error_a_period": None if found.slope is None else f"{100 * found.slope:+.2f} %", "trend": found.verdict,
            }
        )  # fmt: skip
    return rows
