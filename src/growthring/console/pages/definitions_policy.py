"""One policy: what it reproduces, where that was read, and what each of its switches decides."""

from collections.abc import Iterable, Sequence
from typing import Any

from growthring.console.asked import link
from growthring.console.blocks import Block, Choice, Choices, Column, Facts, Links, Note, Shape, Table
from growthring.console.pages.definitions_metric import caveats_of
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.policy_words import SWITCHES, value_words
from growthring.console.visit import Section, Visit
from growthring.operations.answer import Answer
from growthring.operations.definitions import policy_definition


def defined(visit: Visit) -> Answer:
    """Answer what the policy of a visit chooses: parameter ``policy``."""
    answer: Answer = visit.ask(policy_definition, visit.asked.get("policy", visit.project.settings.project.policy))
    return answer


def about(visit: Visit) -> Iterable[Block]:
    """Say what the policy reproduces, where that was read, and what it does to retention."""
    _ = visit.words
    answer = defined(visit)
    name, own = answer.policy["name"], visit.project.settings.project.policy
    policy = visit.project.policy(name)
    yield Links([(_("All definitions"), link("/definitions", lang=visit.asked.get("lang")))])
    yield Choices(
        [Choice("policy", _("Policy"), [(each, each) for each in visit.project.policy_names()], name)],
        {"lang": visit.asked.get("lang")},
    )
    facts: list[tuple[str, object, Shape]] = [
        (_("What it reproduces"), _(answer.definition), "long"),
        (_("Where its definition was read"), policy.source, "long"),
        (_("Version"), answer.policy["version"], "code"),
    ]
    yield Facts([fact for fact in facts if fact[1]])
    yield from caveats_of(answer)
    yield Links([(_("Revenue under this policy"), link("/revenue", policy=name)), *_bridges(visit, name, own)])


def _bridges(visit: Visit, name: str, own: str) -> list[tuple[str, str]]:
    _ = visit.words
    if name == own:
        return []
    return [
        (_("What it does to net dollar retention (NDR)"), link("/revenue", policy=own, bridged="ndr", other=name) + "#bridge")
    ]


def differences(visit: Visit) -> Iterable[Block]:
    """Show the switches on which the policy differs from the company's own."""
    _ = visit.words
    answer, own = defined(visit), visit.project.settings.project.policy
    if answer.policy["name"] == own:
        yield Note(_("This is the company's own policy."))
        return
    rows = [row for row in answer.rows if row["differs"]]
    empty = _("It chooses everything as {policy} does.", policy=own)
    yield Table("differences", _columns(visit, own), _rows(visit, rows), "", empty, find=False)


def switches(visit: Visit) -> Iterable[Block]:
    """Show every switch with what it decides."""
    own = visit.project.settings.project.policy
    yield Table("switches", _columns(visit, own)[:2] + _columns(visit, own)[-2:], _rows(visit, defined(visit).rows), page_size=40)


def _rows(visit: Visit, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**row, "name": visit.words(SWITCHES.get(row["switch"], row["switch"])), "decides": visit.words(row["decides"]),
         "value": value_words(visit, row["switch"], row["value"]), "own": value_words(visit, row["switch"], row["own"])}
        for row in rows
    ]  # fmt: skip


def _columns(visit: Visit, own: str) -> list[Column]:
    _ = visit.words
    return [
        Column("name", _("What is decided"), "text"),
        Column("value", _("Here"), "text"),
        Column("own", _("In {policy}", policy=own), "text"),
        Column("decides", _("What can be chosen"), "long"),
        Column("switch", _("In the file"), "code"),
    ]


SECTIONS = (
    Section("about", "", about),
    Section("differences", "Where it differs from the company's own", differences),
    Section("switches", "Everything it decides", switches),
)
ANSWERS: dict[str, AnswerOf] = {"policy_definition": defined}
