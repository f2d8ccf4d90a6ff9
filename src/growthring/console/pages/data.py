"""Data: is it fresh, is it right, what is left out, and what was reported."""

from collections.abc import Iterable

from growthring.console.answers import evidence
from growthring.console.blocks import Block, Figure, Figures, Statement, Statements
from growthring.console.deeds import AnyDeed
from growthring.console.pages import data_closes, data_log, data_rows, data_runs
from growthring.console.pages.audit import audit_section
from growthring.console.pages.evidence import AnswerOf
from growthring.console.visit import PageKind, Section, Visit
from growthring.operations.data.assertions import check_assertions
from growthring.operations.data.closes import restated_closes
from growthring.operations.data.runs import SILENT, list_runs


def state(visit: Visit) -> Iterable[Block]:
    """Say whether the data can be relied on, in one look."""
    _ = visit.words
    found, problems = data_rows.state_of(visit), data_rows.problems_of(visit)
    yield Statements([_fresh(visit, found.at), data_rows.problem_statement(visit, problems), *_doubts(visit)])
    sources = [row for row in found.rows if row["kind"] == "source"]
    rejected = sum(row["rejected"] for row in sources)
    href, wrong = evidence("rows read"), evidence("problems")
    yield Figures(
        [
            Figure(_("Data through"), found.at, "month", note=_("last day the data speak for"), href=href),
            Figure(_("Rows read"), found.value, "count", note=_("{count} sources", count=len(sources)), href=href),
            Figure(_("Corrected"), sum(row["corrected"] for row in sources), "count", note=_("each is named below"), href=wrong),
            Figure(_("Rejected"), rejected, "count", note=_("left out"), href=wrong, tone="bad" if rejected else "plain"),
            Figure(_("Money on them"), problems.value, "amount", problems.unit, _("as far as it can be read"), wrong),
        ]
    )


def _fresh(visit: Visit, through: str) -> Statement:
    _ = visit.words
    runs = visit.ask(list_runs, live=True)
    if not runs:
        return Statement(_("The data go on to {day}.", day=through), evidence("rows read"))
    last = runs[0]
    when = _.ago(last["started_at"])
    if last["status"] == "running":
        return Statement(_("The data go on to {day}; a run is going on.", day=through), evidence("rows read"), tone="plain")
    if last["status"] == SILENT:
        text = _("The data go on to {day}; nothing was heard of the last run, begun {when}.", day=through, when=when)
        return Statement(text, evidence("rows read"), last["message"], tone="bad", action=_("The runs"), action_href="#runs")
    if last["status"] != "done":
        text = _(
            "The data go on to {day}; the last run, {when}, failed: these are the data of the one before.", day=through, when=when
        )
        return Statement(text, evidence("rows read"), last["message"], tone="bad", action=_("The runs"), action_href="#runs")
    text = _("The data go on to {day}; they were read {when}.", day=through, when=when)
    return Statement(text, evidence("rows read"), tone="good")


def _doubts(visit: Visit) -> Iterable[Statement]:
    _ = visit.words
    stated = visit.ask(check_assertions)
    if failed := [each for each in stated if not each.holds]:
        text = _(
            "{count} of {all} figures you know differ from the books, so no month can be closed.",
            count=len(failed),
            all=len(stated),
        )
        yield Statement(text, tone="bad", action=_("Which ones"), action_href="#assertions")
    if restated := visit.ask(restated_closes):
        text = _("Closed months that would read differently today: {count}.", count=len(restated))
        yield Statement(text, tone="warn", action=_("Which ones"), action_href="#closes")


PAGE = PageKind(
    "data",
    "Data",
    (
        Section("state", "", state),
        Section("runs", "Runs", data_runs.runs),
        Section("sources", "Sources", data_rows.sources),
        Section("problems", "Rows that were not taken as they stood", data_rows.problems),
        Section("assertions", "What you know to be true", data_log.assertions),
        Section("closes", "Closed months", data_closes.closes),
        Section("definitions", "Definitions used and signed off", data_log.definitions),
        Section("snapshots", "Snapshots", data_log.snapshots),
        audit_section,
        Section("works", "Long work of this console", data_runs.works),
    ),
    needs_data=False,
)
DEEDS: tuple[AnyDeed, ...] = (*data_closes.DEEDS, *data_log.DEEDS, *data_runs.DEEDS)
ANSWERS: dict[str, AnswerOf] = {
    "rows read": data_rows.state_of,
    "problems": data_rows.problems_of,
    "restatement": data_closes.restatement_of,
}
