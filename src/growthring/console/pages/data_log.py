"""Data: what people know and decided about it: assertions, closes and restatements, definitions; and snapshots."""

from collections.abc import Iterable, Sequence

from growthring.console.answers import caveats, evidence, shape_of_unit
from growthring.console.blocks import Block, Column, Form, Input, Note, Shape, Statement, Statements, Table
from growthring.console.deeds import Deed, Given
from growthring.console.pages.data_words import CHANGES, COLUMNS
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.kernel.period import Month
from growthring.operations.answer import Answer
from growthring.operations.assertions import AssertionResult, check_assertions
from growthring.operations.closes import Restated, close, figures_to_close, list_closes, restated_closes, restatement
from growthring.operations.data_state import list_snapshots
from growthring.operations.decisions import definition_log, sign_off

_OFFERED_MONTHS = 24
_TOLD_FIGURES = ("mrr", "arr", "ndr", "grr", "customers")


def assertions(visit: Visit) -> Iterable[Block]:
    """Compare what the user knows with the books."""
    _ = visit.words
    found: list[AssertionResult] = visit.ask(check_assertions)
    if not found:
        yield Note(
            _("Nothing is asserted yet."),
            _("Write a figure you know into growthring.toml; every run and every close is then checked against it."),
        )
        return
    failed = sum(not each.holds for each in found)
    told = (
        _("{count} of {all} figures you know differ from the books.", count=failed, all=len(found))
        if failed
        else _("All {all} figures you know are those of the books.", all=len(found))
    )
    yield Statements([Statement(told, tone="bad" if failed else "good")])
    rows = [
        {
            "statement": each.statement,
            "metric": each.assertion.metric,
            "at": each.assertion.at,
            "value": str(each.assertion.value),
            "tolerance": str(each.assertion.tolerance),
            "actual": each.actual,
            "holds": "yes" if each.holds else "no",
            "_tone": "" if each.holds else "bad",
            "_evidence": evidence("show", metric=each.assertion.metric, at=each.assertion.at, policy=each.assertion.policy),
        }
        for each in found
    ]
    yield Table(
        "assertions",
        [
            Column("statement", _("What you know"), "long"),
            Column("value", _("Stated"), "amount"),
            Column("tolerance", _("Tolerance"), "amount"),
            Column("actual", _("In the books"), "amount", href="_evidence"),
            Column("holds", _("Holds"), words={"yes": _("yes"), "no": _("no")}),
        ],
        rows,
    )


def closes(visit: Visit) -> Iterable[Block]:
    """List closed months and what later data say of them; offer to close one."""
    _, asked = visit.words, visit.asked
    kept = visit.ask(list_closes)
    restated: list[Restated] = visit.ask(restated_closes)
    now = {(str(each.month), each.policy): each.now for each in restated}
    if restated:
        told = _("Closed months that would read differently today: {count}.", count=len(restated))
    else:
        told = _("Every closed month still reads as it was reported.") if kept else _("No month is closed yet.")
    yield Statements([Statement(told, tone="bad" if restated else "good" if kept else "plain")])
    rows = [
        {
            "month": str(Month(each.month)),
            "policy": each.policy_name,
            "revision": each.revision,
            "reported": each.metrics.get("mrr", ""),
            "now": now.get((str(Month(each.month)), each.policy_name)) or each.metrics.get("mrr", ""),
            "closed_at": f"{each.closed_at:%Y-%m-%d %H:%M}",
            "author": each.author,
            "because": each.because,
            "snapshot": each.snapshot_id,
            "_open": asked.url(closed=str(Month(each.month)), closed_policy=each.policy_name) + "#closes",
        }
        for each in reversed(kept)
    ]
    if rows:
        yield Table(
            "closes",
            [
                Column("month", _("Month"), "month", href="_open"),
                Column("policy", _("Policy"), "name"),
                Column("revision", _("Revision"), "count"),
                Column("reported", _("MRR as reported"), "amount", href="_open"),
                Column("now", _("Would be now"), "amount", href="_open"),
                Column("closed_at", _("Closed (UTC)"), "name"),
                Column("author", _("By"), "name"),
                Column("because", _("Why"), "long"),
                Column("snapshot", _("Snapshot"), "code"),
            ],
            rows,
        )
    if asked.get("closed"):
        yield from restated_month(visit)
    yield close_form(visit, {str(Month(each.month)) for each in kept})


def restatement_of(visit: Visit) -> Answer:
    """Answer how a closed month would read today: parameters ``closed`` and ``closed_policy``."""
    asked = visit.asked
    found: Answer = visit.ask(restatement, asked.get("closed"), policy=asked.get("closed_policy") or None, top=0)
    return found


def restated_month(visit: Visit) -> Iterable[Block]:
    """Show what differs in a closed month: figures, customers, and the rows that came late, were corrected or removed."""
    _, asked = visit.words, visit.asked
    found = restatement_of(visit)
    href = evidence("restatement", closed=asked.get("closed"), closed_policy=asked.get("closed_policy"))
    yield Statements([Statement(_("{month} against what was reported.", month=found.at), href)])
    yield from caveats(found)
    titles = {"metric": _("Figures that differ"), "customer": _("Customers that differ"), "row": _("Rows behind it")}
    for kind in dict.fromkeys(row["kind"] for row in found.rows):
        mine = [row for row in found.rows if row["kind"] == kind]
        names = dict.fromkeys(name for row in mine for name in row if name != "kind")
        columns = [Column(name, _(COLUMNS.get(name, name)), _shape(name), words=worded(CHANGES, visit)) for name in names]
        yield Table(f"closed-{kind.replace('_', '-')}", columns, mine, titles.get(kind, kind))


def _shape(name: str) -> Shape:
    return "amount" if name in ("as_reported", "now", "difference", "amount") else "name"


def close_form(visit: Visit, closed: set[str]) -> Form:
    """Offer to close a month."""
    _ = visit.words
    last = visit.project.setting(visit.project.snapshot()).last_complete_month
    months = [str(last - place) for place in range(_OFFERED_MONTHS)]
    options = [(each, _("{month} (again)", month=each) if each in closed else each) for each in months]
    first_open = next((each for each in months if each not in closed), months[0])
    return Form(
        "close_month",
        _("Close a month"),
        [
            Input("month", _("Month"), "select", options, first_open, required=True),
            Input("policy", _("Policy"), "select", _policies(visit), visit.project.settings.project.policy, required=True),
            Input("because", _("Why, if it is closed again"), hint=_("A close is kept for good; another one stands beside it.")),
        ],
        _("See what will be kept"),
        visit.asked.url() + "#closes",
        needs="approver",
    )


def _policies(visit: Visit) -> list[tuple[str, str]]:
    return [(name, name) for name in visit.project.policy_names()]


def definitions(visit: Visit) -> Iterable[Block]:
    """List the versions of policies that were used or agreed to, and who agreed; offer to sign one off."""
    _ = visit.words
    rows = [{**row, "_policy": f"/definitions?policy={row['policy']}"} for row in reversed(visit.ask(definition_log))]
    yield Table(
        "definitions",
        [
            Column("policy", _("Policy"), "name"),
            Column("version", _("Version"), "code"),
            Column("recorded", _("Recorded"), "name"),
            Column("author", _("By"), "name"),
            Column("signed_off_by", _("Signed off by"), "long"),
        ],
        rows,
        empty=_("No definition was closed under or signed off yet."),
    )
    roles = [("business", _("business")), ("sales", _("sales")), ("ops", _("operations")), ("finance", _("finance"))]
    yield Form(
        "sign_off",
        _("Sign a policy off"),
        [
            Input("policy", _("Policy"), "select", _policies(visit), visit.project.settings.project.policy, required=True),
            Input("role", _("For"), "select", roles, "finance", required=True),
        ],
        _("See what will be recorded"),
        visit.asked.url() + "#definitions",
        needs="approver",
    )


def snapshots(visit: Visit) -> Iterable[Block]:
    """List the snapshots."""
    _ = visit.words
    rows = [{**row, "current": "yes" if row["current"] else ""} for row in visit.ask(list_snapshots)]
    yield Table(
        "snapshots",
        [
            Column("snapshot", _("Snapshot"), "code"),
            Column("current", _("In force"), words={"yes": _("yes")}),
            Column("data_through", _("Data through"), "name"),
            Column("files", _("Files"), "count"),
            Column("read", _("Rows read"), "count"),
            Column("accepted", _("As they stood"), "count"),
            Column("corrected", _("Corrected"), "count"),
            Column("rejected", _("Rejected"), "count"),
        ],
        rows,
        empty=_("Nothing has been read yet."),
    )


def _told_close(visit: Visit, given: Given) -> Sequence[tuple[str, str]]:
    _ = visit.words
    found: Answer = visit.ask(figures_to_close, given.get("month", ""), policy=given.get("policy") or None)
    figures = [
        (_(row["metric"]), f"{_.value(row['value'], shape_of_unit(row['unit']))} {_unit(visit, row['unit'])}".strip())
        for row in found.rows
        if row["metric"] in _TOLD_FIGURES
    ]
    more = [
        (
            _("and"),
            _(
                "{count} more figures, each customer's revenue and every movement of the month",
                count=len(found.rows) - len(figures),
            ),
        )
    ]
    why = [(_("Why"), given["because"])] if given.get("because") else []
    return [(_("Month"), found.at), (_("Policy"), _policy_name(found)), *figures, *more, (_("Snapshot"), found.snapshot), *why]


def _policy_name(found: Answer) -> str:
    return f"{found.policy['name']} {found.policy['version']}"


def _unit(visit: Visit, unit: str) -> str:
    return visit.words(unit) if shape_of_unit(unit) == "amount" else ""


def _close(visit: Visit, given: Given) -> str:
    because = given.get("because", "")
    found = close(
        visit.project,
        given.get("month", ""),
        policy=given.get("policy") or None,
        author=visit.user.name,
        because=because,
        again=bool(because),
    )
    return visit.words("{month} is closed under {policy}.", month=found.at, policy=found.policy["name"])


def _told_sign_off(visit: Visit, given: Given) -> Sequence[tuple[str, str]]:
    _, policy = visit.words, visit.project.policy(given.get("policy"))
    return [
        (_("Policy"), f"{policy.name} {policy.version}"),
        (_("Agrees for"), _(given.get("role", ""))),
        (_("By"), visit.user.name),
    ]


def _sign_off(visit: Visit, given: Given) -> str:
    signed = sign_off(visit.project, given.get("policy", ""), given.get("role", ""), author=visit.user.name)
    return visit.words("{policy} is signed off.", policy=f"{signed['policy']} {signed['version']}")


DEEDS = (
    Deed("close_month", "Close a month", "approver", _told_close, _close),
    Deed("sign_off", "Sign a policy off", "approver", _told_sign_off, _sign_off),
)
