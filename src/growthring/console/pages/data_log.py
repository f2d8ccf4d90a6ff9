"""Data: what people know and decided about it: assertions, definitions, sign-offs; and snapshots."""

from collections.abc import Iterable, Sequence

from growthring.console.answers import evidence
from growthring.console.blocks import Block, Column, Form, Input, Note, Statement, Statements, Table, Text
from growthring.console.deeds import Deed, Given
from growthring.console.visit import Visit
from growthring.operations.data.assertions import AssertionResult, check_assertions
from growthring.operations.data.data_state import list_snapshots
from growthring.operations.history.decisions import definition_log, sign_off


def assertions(visit: Visit) -> Iterable[Block]:
    """Compare what the user knows with the books."""
    _ = visit.words
    found: list[AssertionResult] = visit.ask(check_assertions)
    if not found:
        yield Note(
            _("Nothing is asserted yet."),
            _("Write a figure you know into growthring.toml; every run and every close is then checked against it."),
        )
        if snapshot := visit.project.shelf.current():
            month = visit.project.setting(snapshot).last_complete_month
            yield Text(f'[[assertions]]\nthat = "MRR at {month} is 412,345.67 ± 0"', _("Such as, with your own figure"), "toml")
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


def policies(visit: Visit) -> list[tuple[str, str]]:
    """Return the policies to choose from."""
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
            Column("author", _("Recorded by"), "name"),
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
            Input("policy", _("Policy"), "select", policies(visit), visit.project.settings.project.policy, required=True),
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


def _told_sign_off(visit: Visit, given: Given) -> Sequence[tuple[str, str]]:
    _, policy = visit.words, visit.project.policy(given.get("policy"))
    return [
        (_("Policy"), f"{policy.name} {policy.version}"),
        (_("Agrees for"), _(given.get("role", ""))),
        (_("Who"), visit.user.name),
    ]


def _sign_off(visit: Visit, given: Given) -> str:
    signed = sign_off(visit.project, given.get("policy", ""), given.get("role", ""), author=visit.user.name)
    return visit.words("{policy} is signed off.", policy=f"{signed['policy']} {signed['version']}")


DEEDS = (Deed("sign_off", "Sign a policy off", "approver", _told_sign_off, _sign_off),)
