"""Revenue by an attribute of customers, or by product: what each group brings and keeps."""

from collections.abc import Iterable, Mapping

from growthring.charts import Axis, bars
from growthring.console.answers import metric_name
from growthring.console.blocks import Block, Choice, Choices, Column, Drawing, Note, Table
from growthring.console.pages.revenue_look import Look, kept, opened, shown, unit_words
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.revenue.customers import PRODUCT_GROUPS
from growthring.operations.revenue.groups import groups as groups_of
from growthring.operations.revenue.show import View

_COMPARED = ("mrr", "ndr", "grr", "logo_retention", "customers")
_RATES = ("ndr", "grr", "logo_retention")
_DRAWN = 12
_PREFERRED = ("segment", "plan", "region", "country")


def groups(visit: Visit) -> Iterable[Block]:
    """Show recurring revenue and retention of each group; a bar leads to the group's customers."""
    _ = visit.words
    found = opened(visit)
    by = attribute(visit, found)
    words = {"product": _("product"), "product_family": _("product family")}
    options = [(name, words.get(name, name)) for name in found.can.attributes]
    yield Choices([Choice("by", _("Grouped by"), options, by)], kept(visit, "by"))
    rows = _rows(visit, found, by)
    if not rows:
        yield Note(_("No customer has a value of {attribute} in this period.", attribute=words.get(by, by)))
        return
    yield from _drawings(visit, rows, words.get(by, by), found)
    yield _table(visit, rows, words.get(by, by), found)


def attribute(visit: Visit, found: Look) -> str:
    """Return what is grouped by: what was asked for, else the first attribute that most companies look at."""
    usual = next((name for name in _PREFERRED if name in found.can.attributes), found.can.attributes[0])
    return visit.asked.choice("by", found.can.attributes, usual)


def _rows(visit: Visit, found: Look, by: str) -> list[dict[str, object]]:
    """Return a row a group with a column a metric, the largest first; figures lead to the customers they are made of."""
    view = View(at=found.at or None, period=found.period, currency=found.currency, by=by)
    rows = _together(visit, found, view) if by in PRODUCT_GROUPS else _one_by_one(visit, found, view)
    for row in rows:
        for name in _COMPARED:
            listed = name if name in _RATES else None
            row[f"{name}_href"] = found.link(by=by, group=row["group"], of_metric=listed)
    return sorted(rows, key=lambda row: -float(str(row.get("mrr") or 0)))


def _together(visit: Visit, found: Look, view: View) -> list[dict[str, object]]:
    """Return all metrics of products: reading every product of every customer takes seconds, so it is done aside."""
    answer: Answer = visit.ask(groups_of, _COMPARED, view, policy=found.policy, slow=True)
    return [dict(row) for row in answer.rows]


def _one_by_one(visit: Visit, found: Look, view: View) -> list[dict[str, object]]:
    rows: dict[str, dict[str, object]] = {}
    for name in _COMPARED:
        for each in shown(visit, name, found, view).rows:
            rows.setdefault(each[view.by], {"group": each[view.by]})[name] = each["value"]
    return list(rows.values())


def _drawings(visit: Visit, rows: list[dict[str, object]], by: str, found: Look) -> Iterable[Drawing]:
    _ = visit.words
    drawn = rows[:_DRAWN]
    unit = unit_words(visit, shown(visit, "mrr", found).unit)
    rest = _("the {count} largest of {all} groups", count=len(drawn), all=len(rows)) if len(rows) > len(drawn) else ""
    for name, axis in (("mrr", Axis(unit)), ("ndr", Axis(metric_name(visit, "ndr"), "share"))):
        there = [row for row in drawn if row.get(name) is not None]
        title = _("{metric} by {attribute} in {period}", metric=metric_name(visit, name), attribute=by, period=found.at)
        if there:
            chart = bars(
                there, name="group", value=name, axis=axis, title=f"{title} ({rest})" if rest else title, href=f"{name}_href"
            )
            yield Drawing(chart)


def _table(visit: Visit, rows: list[dict[str, object]], by: str, found: Look) -> Table:
    shapes: Mapping[str, str] = {"mrr": "amount", "customers": "count"}
    columns = [
        Column("group", by, "name", "mrr_href"),
        *(Column(name, metric_name(visit, name), shapes.get(name, "share"), f"{name}_href") for name in _COMPARED),  # type: ignore[arg-type]
    ]
    title = visit.words("Each group leads to its customers; rates follow policy {policy}", policy=found.policy)
    return Table("groups", columns, rows, title, page_size=12)
