"""Evidence: an Answer with its definition, policy, snapshot, rows, SQL and caveats."""

from collections.abc import Callable, Iterable, Mapping

from growthring.console.answers import caveats, metric_name, shape_of_unit, table
from growthring.console.blocks import Block, Facts, Figure, Figures, Links, Text
from growthring.console.meaning import meaning
from growthring.console.terms import ROW_KINDS
from growthring.console.visit import PageKind, Section, Visit
from growthring.kernel.errors import UnknownValueError
from growthring.operations.answer import Answer

AnswerOf = Callable[[Visit], Answer]
"""Makes an Answer from the parameters of a visit."""


def page_of(answers: Mapping[str, AnswerOf]) -> PageKind:
    """Return the page that opens any of some Answers, by the parameter ``of``."""

    def answered(visit: Visit) -> Answer:
        of = visit.asked.get("of", "show")
        if of not in answers:
            raise UnknownValueError("answer", of, answers)
        return answers[of](visit)

    def section(name: str, title: str, blocks: Callable[[Visit, Answer], Iterable[Block]]) -> Section:
        return Section(name, title, lambda visit: blocks(visit, answered(visit)))

    parts = (section("figure", "", figure), section("rows", "Rows", rows), section("sql", "", statement))
    return PageKind("answer", "Evidence", parts, heading)


def figure(visit: Visit, found: Answer) -> Iterable[Block]:
    """Show the value, what it means, and what it was computed from."""
    _ = visit.words
    unit = found.unit if shape_of_unit(found.unit) == "amount" else ""
    yield Figures([Figure(metric_name(visit, found.metric), found.value, shape_of_unit(found.unit), _(unit), found.at)])
    yield Facts(
        [
            (_("Definition"), _definition(visit, found), "long"),
            (
                _("Policy"),
                " ".join(part for part in (found.policy.get("name", ""), found.policy.get("version", "")) if part),
                "text",
            ),
            (_("Period"), found.at, "month"),
            (_("Snapshot"), found.snapshot, "code"),
        ]
    )
    yield from caveats(found)
    if visit.asked.get("of", "show") == "show":
        yield Links([(_("What it is made of, and who moved it"), visit.asked.url(of="explain", inside=None))])


def _definition(visit: Visit, found: Answer) -> str:
    return meaning(visit, found.definition, metric=found.metric, policy=found.policy.get("name", ""), at=found.at)


def rows(visit: Visit, found: Answer) -> Iterable[Block]:
    """Show the rows behind it."""
    kinds = list(dict.fromkeys(row.get("kind", "") for row in found.rows))
    for kind in kinds:
        chosen = [row for row in found.rows if row.get("kind", "") == kind]
        yield table(
            visit,
            found,
            f"rows-{kind}" if kind else "rows",
            rows=chosen,
            title=visit.words(ROW_KINDS.get(kind, str(kind))) if kind else "",
        )


def statement(visit: Visit, found: Answer) -> Iterable[Block]:
    """Show the SQL that computes it."""
    if found.sql:
        yield Text(found.sql, visit.words("SQL over the canonical tables"), "sql", folded=True)


def heading(visit: Visit) -> str:
    """Name the metric or the kind of Answer."""
    return visit.words("Evidence: {name}", name=metric_name(visit, visit.asked.get("metric") or visit.asked.get("of", "show")))
