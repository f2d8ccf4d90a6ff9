"""Evidence: an Answer with its definition, policy, snapshot, rows, SQL and caveats."""

from collections.abc import Callable, Iterable, Mapping

from growthring.console.answers import caveats, metric_name, shape_of_unit
from growthring.console.asked import link
from growthring.console.blocks import Block, Facts, Figure, Figures, Links, Note, Text
from growthring.console.meaning import meaning
from growthring.console.pages.evidence_rows import rows_table
from growthring.console.pages.metrics import LISTED, explained_metric
from growthring.console.visit import PageKind, Section, Visit
from growthring.kernel.errors import UnknownValueError
from growthring.operations.answer import Answer
from growthring.revenue.metrics import METRICS

AnswerOf = Callable[[Visit], Answer]
"""Makes an Answer from the parameters of a visit."""

_FIRST = ("total", "customer", "driver")
"""Kinds of rows that most readers look for."""


def page_of(answers: Mapping[str, AnswerOf]) -> PageKind:
    """Return the page that opens any of some Answers, by the parameter ``of``."""

    def answered(visit: Visit) -> Answer:
        of = visit.asked.get("of", "show")
        if of not in answers:
            raise UnknownValueError("answer", of, answers)
        return answers[of](visit)

    def of(blocks: Callable[[Visit, Answer], Iterable[Block]]) -> Callable[[Visit], Iterable[Block]]:
        return lambda visit: blocks(visit, answered(visit))

    parts = (
        Section("figure", "", of(figure)),
        Section("rows", "The rows behind it", of(rows)),
        Section("sql", "", of(statement)),
    )
    return PageKind("answer", "Evidence", parts, heading, needs_data=False)


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
    yield Links(_further(visit, found))


def _further(visit: Visit, found: Answer) -> list[tuple[str, str]]:
    """Return where to go on: everybody behind the figure, what its metric and policy say, what the data left out."""
    _, asked = visit.words, visit.asked
    links = []
    if asked.get("of", "show") == "show" and found.metric in LISTED:
        listed = {name: asked.get(name) for name in ("policy", "period", "currency")}
        links.append((_("All customers behind it"), link("/revenue", of_metric=found.metric, at=found.at, **listed)))
    if asked.get("of", "show") == "show" and found.rows:
        links.append((_("What it is made of, and who moved it"), asked.url(of="explain")))
    if found.metric in METRICS:
        links.append((_("The definition, in words and SQL"), link("/definitions", metric=found.metric)))
    if found.policy.get("name") in visit.project.policy_names():
        links.append((_("The policy {name}", name=found.policy["name"]), link("/definitions", policy=found.policy["name"])))
    return [*links, (_("Rows that were left out, and how to mend them"), link("/data") + "#problems")]


def _definition(visit: Visit, found: Answer) -> str:
    return meaning(visit, found.definition, metric=found.metric, policy=found.policy.get("name", ""), at=found.at)


def rows(visit: Visit, found: Answer) -> Iterable[Block]:
    """Show the rows behind it; those of a single value are what it is made of."""
    is_bare = visit.asked.get("of", "show") == "show" and not found.rows
    answer = explained_metric(visit) if is_bare else found
    kinds = dict.fromkeys(str(row.get("kind", "")) for row in answer.rows)
    for kind in sorted(kinds, key=lambda kind: kind not in _FIRST):
        chosen = [row for row in answer.rows if row.get("kind", "") == kind]
        yield rows_table(visit, answer, chosen, kind)
    if not kinds:
        yield Note(visit.words("No row stands behind it."))


def statement(visit: Visit, found: Answer) -> Iterable[Block]:
    """Show the SQL that computes it."""
    if found.sql:
        yield Text(found.sql, visit.words("SQL over the canonical tables"), "sql", folded=True)


def heading(visit: Visit) -> str:
    """Name the metric or the kind of Answer."""
    return visit.words("Evidence: {name}", name=metric_name(visit, visit.asked.get("metric") or visit.asked.get("of", "show")))
