"""Home: what changed since the last close and why; what needs somebody today."""

from collections.abc import Iterable

from growthring.charts import Axis, Labels, waterfall
from growthring.console.answers import evidence, figure
from growthring.console.blocks import Block, Drawing, Figures
from growthring.console.deeds import Deed
from growthring.console.pages.evidence import AnswerOf
from growthring.console.visit import PageKind, Section, Visit
from growthring.operations.show import View, show

_FIGURES = ("mrr", "arr", "ndr", "grr", "customers")


def figures(visit: Visit) -> Iterable[Block]:
    """Show the figures that everybody asks for first."""
    _ = visit.words
    answers = [(name, visit.ask(show, name, View())) for name in _FIGURES]
    yield Figures([figure(visit, _(name), found, evidence("show", metric=name)) for name, found in answers])


def month(visit: Visit) -> Iterable[Block]:
    """Show how the last month came about."""
    _ = visit.words
    found = visit.ask(show, "movements", View())
    row = found.rows[-1]
    steps = [
        {"step": name, "amount": row[name]}
        for name in ("start", "new", "reactivation", "expansion", "contraction", "churn", "fx", "end")
        if name in row
    ]
    labels = Labels({step["step"]: _(step["step"]) for step in steps})
    axis = Axis(_("USD per month"))
    yield Drawing(
        waterfall(
            steps,
            step="step",
            amount="amount",
            axis=axis,
            title=_("What changed in {month}", month=found.at),
            totals=("start", "end"),
            labels=labels,
            cut=_("(cut)"),
        )
    )


PAGE = PageKind("home", "Home", (Section("figures", "", figures), Section("month", "How the last month came about", month)))
DEEDS: tuple[Deed, ...] = ()
ANSWERS: dict[str, AnswerOf] = {}
