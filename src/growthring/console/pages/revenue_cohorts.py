"""Cohorts: what is left of the customers of each vintage as they grow older."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from growthring.charts import Axis, heatmap
from growthring.console.answers import metric_name, shape_of_unit
from growthring.console.blocks import Block, Choice, Choices, Column, Drawing, Note, Shape, Table
from growthring.console.pages.revenue_look import PERIODS, Look, kept, opened, shown, unit_words
from growthring.console.visit import Visit
from growthring.kernel.period import PeriodKind
from growthring.operations.answer import Answer
from growthring.operations.revenue.show import View

MEASURES = ("cohort_ndr", "cohort_logo", "cohort_revenue")
_WAYS = ("age", "vintage")


def cohorts(visit: Visit) -> Iterable[Block]:
    """Show a measure of each vintage by age, as a heatmap and as a triangle."""
    _ = visit.words
    found = opened(visit)
    measure = visit.asked.choice("cohort", MEASURES, MEASURES[0])
    length = PeriodKind(visit.asked.choice("vintages", tuple(PERIODS), PeriodKind.QUARTER.value))
    across = visit.asked.choice("across", _WAYS, "age")
    yield Choices(
        [
            Choice("cohort", _("Measure"), [(each, metric_name(visit, each)) for each in MEASURES], measure),
            Choice("vintages", _("Vintages of one"), [(each, _(word)) for each, word in PERIODS.items()], length.value),
            Choice("across", _("Rows"), [("age", _("vintages")), ("vintage", _("ages"))], across),
        ],
        kept(visit, "cohort", "vintages", "across"),
    )
    answer = shown(visit, measure, found, View(at=last_whole(visit, found, length), period=length, currency=found.currency))
    if not answer.rows:
        yield Note(_("No customer has begun yet."))
        return
    rows = _cells(visit, found, answer, measure, length)
    yield _map(visit, answer, rows, across)
    yield _triangle(visit, found, answer, rows, across)


def _cells(visit: Visit, found: Look, answer: Answer, measure: str, length: PeriodKind) -> list[dict[str, Any]]:
    """Return the cells, each with the address of the customers that it is made of: those of its vintage, at its age."""
    calendar = visit.project.calendar

    def href(row: Mapping[str, Any]) -> str:
        at = calendar.parse(row["vintage"])[1] + row["age"] * length.months
        return found.link(at=calendar.label(at, length), period=length.value, vintage=row["vintage"], of_metric=measure)

    return [{**row, "href": href(row)} for row in answer.rows]


def last_whole(visit: Visit, found: Look, length: PeriodKind) -> str | None:
    """Return the last period of a length that is over when the period looked at ends."""
    if not found.at:
        return None
    calendar = visit.project.calendar
    end = calendar.parse(found.at)[1]
    return next((each for each in found.can.periods(length) if calendar.parse(each)[1] <= end), None)


def _map(visit: Visit, answer: Answer, cells: Sequence[Mapping[str, Any]], across: str) -> Drawing:
    _ = visit.words
    down = "vintage" if across == "age" else "age"
    is_share = shape_of_unit(answer.unit) == "share"
    rows = sorted(cells, key=lambda row: row["age"])
    name = metric_name(visit, answer.metric)
    return Drawing(
        heatmap(
            rows, across=across, down=down, value="value", href="href", middle=1.0 if answer.metric == "cohort_ndr" else None,
            axis=Axis(unit_words(visit, answer.unit) or name, "share" if is_share else "amount"),
            title=_("{metric}: vintages by age in periods, to {period}", metric=name, period=answer.at),
        )
    )  # fmt: skip


def _triangle(visit: Visit, found: Look, answer: Answer, cells: Sequence[Mapping[str, Any]], across: str) -> Table:
    """Return the same as a triangle: a row a vintage with a column an age, or the other way round."""
    _ = visit.words
    down = "vintage" if across == "age" else "age"
    shape: Shape = shape_of_unit(answer.unit)
    rows: dict[Any, dict[str, Any]] = {}
    for each in sorted(cells, key=lambda row: row[down]):
        row = rows.setdefault(each[down], {down: each[down]})
        row |= {f"at_{each[across]}": each["value"], f"to_{each[across]}": each["href"]}
        if down == "vintage":
            row |= {"size": each["size"], "href": found.link(vintage=each["vintage"])}
    if down == "vintage":
        heads = [Column("vintage", _("Vintage"), "month", "href"), Column("size", _("Customers"), "count", "href")]
    else:
        heads = [Column("age", _("Age"), "count")]
    ends = sorted({each[across] for each in cells})
    columns = [*heads, *(Column(f"at_{end}", str(end), shape, f"to_{end}") for end in ends)]
    title = _("{metric}: a cell leads to its customers", metric=metric_name(visit, answer.metric))
    return Table("triangle", columns, list(rows.values()), title, page_size=16, find=False)
