"""Definitions: what a metric means under a policy, what a policy chooses, and the words that the product uses."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from growthring.engine.dialects import transpile
from growthring.engine.relation import compose
from growthring.operations.answer import Answer, unit_name
from growthring.operations.policies import describe_fields
from growthring.operations.project import Project
from growthring.operations.reading import read
from growthring.operations.wording import in_words
from growthring.revenue.evaluation import Question, question_chain, standalone_sql
from growthring.revenue.inputs import shape_of
from growthring.revenue.ledger import Ledger
from growthring.revenue.metrics import Combine, Metric, metric
from growthring.revenue.pipeline import ledger_chain, recurring_chain
from growthring.revenue.policy import Policy

_ROW = re.compile(r"\| (?P<term>.+?) \| (?P<chinese>.+?) \| (?P<meaning>.+?) \|")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the product.

    Attributes:
        term: The word.
        chinese: The same in Chinese.
        meaning: What it means.
        about: What it belongs to, such as ``Retention``.
    """

    term: str
    chinese: str
    meaning: str
    about: str


@cache
def glossary() -> tuple[Term, ...]:
    """Return the words that the product uses, in the order of the glossary."""
    found: list[Term] = []
    about = ""
    for line in files("growthring.operations").joinpath("glossary.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            about = line.removeprefix("## ").strip()
        match = _ROW.fullmatch(line.replace("\\|", "│").strip())
        if match and match["term"] != "term" and not match["term"].startswith("---"):
            term, meaning = (match[each].replace("│", "|").replace("`", "").replace("*", "") for each in ("term", "meaning"))
            found.append(Term(term, match["chinese"], meaning, about))
    return tuple(found)


def metric_definition(project: Project, name: str, *, policy: str | None = None, dialect: str = "duckdb") -> Answer:
    """Answer what a metric means under a policy, in words and in SQL, without computing it.

    The rows say in words what each policy of the project decides about it.

    Args:
        project: The project.
        name: Metric name.
        policy: Policy name; the project's when absent.
        dialect: SQL dialect to write.

    Raises:
        UnknownValueError: There is no such metric, policy or dialect.
    """
    wanted = metric(name)
    reading = read(project, policy=project.policy())
    setting, connection = reading.ledger.setting, reading.ledger.connection
    month = setting.last_complete_month
    policies = [_fixed(project.policy(each), wanted) for each in project.policy_names()]
    chosen = _fixed(project.policy(policy), wanted)
    common = f"{wanted.definition} {wanted.formula}."
    shape = shape_of(connection, chosen, setting)
    chain = (*recurring_chain(chosen, setting), *ledger_chain(chosen, setting, shape))
    sql = _sql(Ledger(connection, chosen, setting, chain), Question(wanted, (month,)))
    return Answer(
        metric=name,
        value=None,
        unit=unit_name(wanted.unit, reading.currency),
        at=str(month),
        definition=in_words(wanted, chosen, month),
        policy={"name": chosen.name, "version": chosen.version},
        snapshot=reading.snapshot.snapshot_id,
        rows=[
            {"policy": each.name, "title": each.title, "meaning": in_words(wanted, each, month).removeprefix(common).strip()}
            for each in policies
        ],
        sql=transpile(sql, dialect),
        caveats=_doubts(chosen),
    )


def policy_definition(project: Project, name: str) -> Answer:
    """Answer what a policy chooses: each switch with what it decides and what the project's own policy chooses.

    The value is the number of switches on which the two differ.

    Args:
        project: The project.
        name: Policy name.
    """
    policy, own = project.policy(name), project.policy()
    decides = {row["field"]: row["decides"] for row in describe_fields()}
    usual = own.switches
    rows: list[dict[str, Any]] = [
        {"switch": switch, "value": str(value), "own": str(usual[switch]), "differs": value != usual[switch],
         "decides": decides.get(switch, "").replace("`", "")}
        for switch, value in policy.switches.items()
    ]  # fmt: skip
    current = project.shelf.current()
    return Answer(
        metric="policy",
        value=sum(1 for row in rows if row["differs"]),
        unit="count",
        at="",
        definition=policy.title or policy.name,
        policy={"name": policy.name, "version": policy.version},
        snapshot=current.snapshot_id if current else "",
        rows=rows,
        caveats=_doubts(policy),
    )


def _fixed(policy: Policy, wanted: Metric) -> Policy:
    """Return a policy with the fields that a metric fixes itself."""
    return policy.replace(**dict(wanted.basis)) if wanted.basis else policy


def _sql(ledger: Ledger, question: Question) -> str:
    if question.metric.combine is Combine.TABLE:
        return compose([*ledger.chain, *question_chain(ledger, question)], question.metric.relation)
    return standalone_sql(ledger, question)


def _doubts(policy: Policy) -> list[str]:
    told = [policy.warning] if policy.warning else []
    return told + ([f"Not said by its source: {policy.inferred}"] if policy.inferred else [])
