"""One metric: what it means under a policy, its formula, when it has no value, and the SQL that computes it."""

from collections.abc import Iterable

from growthring.console.answers import caveats, evidence, figure, metric_name
from growthring.console.asked import link
from growthring.console.blocks import Block, Choice, Choices, Column, Facts, Figures, Links, Shape, Table, Text
from growthring.console.meaning import meaning as said
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.policy_words import SWITCHES, value_words
from growthring.console.pages.revenue_bridge import MEASURES
from growthring.console.visit import Section, Visit
from growthring.engine.dialects import DIALECTS
from growthring.operations.answer import Answer
from growthring.operations.definitions import metric_definition
from growthring.operations.revenue.show import View, show
from growthring.revenue.metrics import Combine, metric

DIALECT_NAMES = {
    "duckdb": "DuckDB", "postgres": "PostgreSQL", "spark": "Spark", "clickhouse": "ClickHouse", "bigquery": "BigQuery",
    "snowflake": "Snowflake",
}  # fmt: skip
"""What people call the dialects."""

UNITS = {"ratio": "share", "count": "number", "index": "index"}
"""What people call what is no money."""


def defined(visit: Visit) -> Answer:
    """Answer what the metric of a visit means: parameters ``metric``, ``policy`` and ``dialect``."""
    asked = visit.asked
    answer: Answer = visit.ask(
        metric_definition, asked.get("metric", "mrr"), policy=asked.get("policy") or None,
        dialect=asked.choice("dialect", DIALECTS, DIALECTS[0]),
    )  # fmt: skip
    return answer


def meaning(visit: Visit) -> Iterable[Block]:
    """Say what the metric means under the chosen policy."""
    _ = visit.words
    answer, wanted = defined(visit), metric(visit.asked.get("metric", "mrr"))
    dialect = visit.asked.choice("dialect", DIALECTS, DIALECTS[0])
    keep = {"metric": wanted.name, "lang": visit.asked.get("lang")}
    yield Links([(_("All definitions"), link("/definitions", lang=visit.asked.get("lang")))])
    policies = [(name, name) for name in visit.project.policy_names()]
    dialects = [(each, DIALECT_NAMES[each]) for each in DIALECTS]
    yield Choices(
        [Choice("policy", _("Policy"), policies, answer.policy["name"]), Choice("dialect", _("SQL for"), dialects, dialect)], keep
    )
    facts: list[tuple[str, object, Shape]] = [
        (_("Meaning"), said(visit, answer.definition, metric=wanted.name, policy=answer.policy["name"], at=answer.at), "long"),
        (_("Formula"), _(wanted.formula), "long"),
        (_("Unit"), _(UNITS.get(answer.unit, answer.unit)), "text"),
        (_("Has no value when"), _(wanted.undefined) if wanted.undefined else _("it always has one"), "long"),
        (_("Fixed by the metric itself"), _fixed(visit), "text"),
        (_("In Chinese"), wanted.chinese, "text"),
        (_("On the command line"), f"growthring show {wanted.name} --policy {answer.policy['name']}", "code"),
    ]
    yield Facts([fact for fact in facts if fact[1]])
    yield from caveats_of(answer)


def caveats_of(answer: Answer) -> list[Block]:
    """Return the doubts about a definition: it has no value, so that none of them says why there is none."""
    return caveats(Answer(**{**answer.as_dict(), "value": 0}))


def _fixed(visit: Visit) -> str:
    basis = metric(visit.asked.get("metric", "mrr")).basis
    return ", ".join(f"{visit.words(SWITCHES.get(name, name))}: {value_words(visit, name, value)}" for name, value in basis)


def value(visit: Visit) -> Iterable[Block]:
    """Show what the metric is now under the company's own policy, and where it is shown."""
    _ = visit.words
    wanted = metric(visit.asked.get("metric", "mrr"))
    own = visit.project.settings.project.policy
    policy = visit.asked.get("policy", own)
    now = evidence("show", metric=wanted.name, policy=policy)
    if wanted.combine is Combine.TABLE:
        yield Links([(_("The table as it is now"), now), (_("On the page of revenue"), link("/revenue", policy=policy))])
        return
    if policy == own and not wanted.basis:
        yield Figures([figure(visit, metric_name(visit, wanted.name), visit.ask(show, wanted.name, View()), now)])
    yield Links(
        [
            (_("Its value now, with evidence"), now),
            (_("Over time and by group"), link("/revenue", metric=wanted.name, policy=policy)),
        ]
    )


def statement(visit: Visit) -> Iterable[Block]:
    """Show the SQL in the chosen dialect."""
    dialect = visit.asked.choice("dialect", DIALECTS, DIALECTS[0])
    title = visit.words("SQL over the canonical tables, for {dialect}", dialect=DIALECT_NAMES[dialect])
    yield Text(defined(visit).sql, title, "sql")


def elsewhere(visit: Visit) -> Iterable[Block]:
    """Say what the metric means under every other policy; each leads to the bridge."""
    _ = visit.words
    answer, name = defined(visit), visit.asked.get("metric", "mrr")
    here = answer.policy["name"]
    rows = [
        {**row, "meaning": said(visit, row["meaning"], metric=name, policy=row["policy"], at=answer.at),
         "href": link("/definitions", metric=name, policy=row["policy"]),
         "gap": _("from {policy}", policy=here) if name in MEASURES and row["policy"] != here else "",
         "bridge": "" if row["policy"] == here else link("/revenue", policy=here, bridged=name, other=row["policy"]) + "#bridge"}
        for row in answer.rows
    ]  # fmt: skip
    columns = [Column("policy", _("Policy"), "name", "href"), Column("meaning", _("What it decides here"), "long")]
    if name in MEASURES:
        columns.append(Column("gap", _("Bridge"), "name", "bridge"))
    yield Table("elsewhere", columns, rows, page_size=15)


SECTIONS = (
    Section("meaning", "", meaning),
    Section("now", "", value),
    Section("elsewhere", "Under each policy", elsewhere),
    Section("sql", "SQL", statement),
)
ANSWERS: dict[str, AnswerOf] = {"metric_definition": defined}
