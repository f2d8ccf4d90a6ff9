"""Revenue: what it is, how it changed, what is left of earlier customers, by group and by cohort; down to customers and rows."""

from collections.abc import Iterable, Sequence
from functools import partial

from growthring.charts import Axis, Labels, lines, waterfall
from growthring.charts.chart import Kind
from growthring.console.answers import figure, metric_name, shape_of_unit
from growthring.console.asked import link
from growthring.console.blocks import Block, Choice, Choices, Column, Drawing, Figures, Links, Note, Table
from growthring.console.deeds import Deed
from growthring.console.desk import StillWorkingError
from growthring.console.pages import revenue_bridge, revenue_cohorts, revenue_customers, revenue_groups, revenue_rows
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.revenue_look import Look, choices, kept, look, metric_options, opened, shown, unit_words
from growthring.console.terms import DRIVERS, MOVEMENT_NAMES, worded
from growthring.console.visit import PageKind, Section, Visit, refusal
from growthring.kernel.errors import GrowthringError
from growthring.operations.answer import Answer
from growthring.operations.revenue.drivers import drivers
from growthring.operations.revenue.show import View
from growthring.revenue.metrics import METRICS, Combine

FIGURES = (("mrr", "arr", "customers"), ("ndr", "grr", "logo_retention"))
"""What stands now, and what is left of the customers of an earlier date."""
_LEVELS = ("start", "end")


def chosen(visit: Visit) -> Iterable[Block]:
    """Show what can be chosen."""
    yield choices(visit, look(visit))


def figures(visit: Visit) -> Iterable[Block]:
    """Show the figures of the period with the policy they follow."""
    found = opened(visit)
    for row in FIGURES:
        answers = [(name, shown(visit, name, found)) for name in row]
        yield Figures(
            [figure(visit, metric_name(visit, name), each, found.evidence("show", metric=name)) for name, each in answers]
        )


def changed(visit: Visit) -> Iterable[Block]:
    """Show how the period came about: each bar leads to its customers."""
    _ = visit.words
    found = opened(visit)
    answer = shown(visit, "movements", found)
    if not answer.rows:
        return
    steps = movement_steps(found, answer)
    names = worded(MOVEMENT_NAMES, visit)
    yield Drawing(
        waterfall(
            steps, step="step", amount="amount", axis=Axis(unit_words(visit, answer.unit)), totals=_LEVELS,
            title=_("Recurring revenue in {period}: what came, grew, shrank and went", period=answer.at),
            labels=Labels(names), href="href", cut=_("(cut)"),
        )
    )  # fmt: skip
    columns = [
        Column("step", _("Movement"), "name", "href", names),
        Column("amount", unit_words(visit, answer.unit), "amount", "evidence"),
    ]
    yield Table("steps", columns, steps, _("The same in figures"), find=False)
    yield driven(visit, found)


def movement_steps(found: Look, answer: Answer) -> list[dict[str, object]]:
    """Return start, the movements there were and end of the last period of a ledger, each with where it leads."""
    row = answer.rows[-1]
    ledger = found.evidence("show", metric="movements")
    return [
        {"step": name, "amount": row[name], "evidence": ledger,
         "href": "" if name in _LEVELS else found.link(movement=name), "_tone": "total" if name in _LEVELS else ""}
        for name in row
        if name in _LEVELS or (name in MOVEMENT_NAMES and float(row[name]))
    ]  # fmt: skip


def driven(visit: Visit, found: Look) -> Table:
    """Return what drove the movements of the period; each row leads to its customers."""
    _ = visit.words
    answer: Answer = visit.ask(drivers, found.view, policy=found.policy)
    rows = [{**row, "href": found.link(movement=row["movement"], driver=row["driver"])} for row in answer.rows]
    words = worded(DRIVERS, visit)
    columns = [
        Column("movement", _("Movement"), "name", "href", worded(MOVEMENT_NAMES, visit)),
        Column("driver", _("Driven by"), "name", words=words),
        *([Column("reason", _("Reason known"), "name", words=words)] if any(row["reason"] for row in rows) else []),
        Column("customers", _("Customers"), "count", "href"),
        Column("amount", unit_words(visit, answer.unit), "amount", "href"),
    ]
    return Table("drivers", columns, rows, _("What drove it"), _("Nothing changed in this period."), page_size=12)


def over_time(visit: Visit) -> Iterable[Block]:
    """Show a metric over all periods."""
    _ = visit.words
    metric = charted(visit)
    found = opened(visit, metric)
    yield Choices([Choice("metric", _("Metric"), metric_options(visit), metric)], kept(visit, "metric"))
    ends = found.can.periods(found.period)
    if not ends:
        return
    view = View(at=ends[0], since=ends[-1], period=found.period, currency=found.currency)
    answer = shown(visit, metric, found, view)
    rows = [{**row, "href": found.link(at=row["at"], metric=metric)} for row in answer.rows]
    name, shape = metric_name(visit, metric), shape_of_unit(answer.unit)
    kind: Kind = "share" if shape == "share" else "count" if shape == "count" else "amount"
    yield Drawing(
        lines(
            rows, at="at", value="value", axis=Axis(unit_words(visit, answer.unit) or name, kind), href="href",
            title=_("{metric} to {period}, policy {policy}", metric=name, period=ends[0], policy=found.policy),
        )
    )  # fmt: skip
    yield _periods(visit, found, metric, rows, Column("value", name, shape, "evidence"))
    if len(rows) < len(ends):
        earliest = shown(visit, metric, found, View(at=ends[-1], period=found.period, currency=found.currency))
        if earliest.value is None and earliest.caveats:
            yield Note(_("Earlier periods have no value."), _(earliest.caveats[0]), "caveat")


def _periods(visit: Visit, found: Look, metric: str, rows: Sequence[dict[str, object]], value: Column) -> Table:
    _ = visit.words
    listed = [{**row, "evidence": found.evidence("show", metric=metric, at=row["at"])} for row in reversed(rows)]
    columns = [
        Column("at", _("Period"), "month", "href"),
        value,
        Column("customers", _("Customers counted"), "count", "evidence"),
    ]
    if any(row.get("undefined") for row in listed):
        columns.append(Column("undefined", _("Why there is no value"), "long"))
    return Table("periods", columns, listed, _("The same in figures"), page_size=6)


def charted(visit: Visit) -> str:
    """Return the metric that is shown over time: one with a single value a period."""
    name = visit.asked.get("metric", "mrr")
    return name if name in METRICS and METRICS[name].combine is not Combine.TABLE else "mrr"


_OVERVIEW = (
    Section("choices", "", chosen),
    Section("figures", "", figures),
    Section("changed", "What changed", changed),
    Section("time", "Over time", over_time),
    Section("groups", "By group of customers", revenue_groups.groups),
    Section("cohorts", "What is left of earlier customers", revenue_cohorts.cohorts),
    Section("bridge", "Under another policy", revenue_bridge.bridge),
)


def sections(visit: Visit) -> Sequence[Section]:
    """Return the parts of a visit: the overview, the customers behind a figure, one customer's rows, or why there is none."""
    try:
        look(visit)
    except StillWorkingError:
        pass
    except GrowthringError as error:
        return (Section("unknown", "", partial(unknown, error)),)
    if visit.asked.get("customer"):
        return revenue_rows.ONE
    if any(visit.asked.get(name) for name in ("movement", "group", "vintage", "of_metric")):
        return revenue_customers.MANY
    return _OVERVIEW


def unknown(error: GrowthringError, visit: Visit) -> Sequence[Block]:
    """Say why revenue cannot be looked at so, once for the whole page, and lead back."""
    return [refusal(error), Links([(visit.words("All of revenue"), link("/revenue"))])]


def heading(visit: Visit) -> str:
    """Name what the page is about."""
    return revenue_customers.heading(visit) or visit.words("Revenue")


def _drivers(visit: Visit) -> Answer:
    found = opened(visit)
    answer: Answer = visit.ask(drivers, found.view, policy=found.policy)
    return answer


PAGE = PageKind("revenue", "Revenue", sections, heading)
DEEDS: tuple[Deed, ...] = ()
ANSWERS: dict[str, AnswerOf] = {
    "drivers": _drivers,
    **revenue_bridge.ANSWERS,
    **revenue_customers.ANSWERS,
    **revenue_rows.ANSWERS,
}
