"""Definitions: every metric and policy in words and SQL, and the words that the product uses."""

from collections.abc import Iterable, Sequence

from growthring.console.answers import metric_name
from growthring.console.asked import link
from growthring.console.blocks import Block, Column, Table
from growthring.console.deeds import Deed
from growthring.console.pages import definitions_metric, definitions_policy
from growthring.console.pages.evidence import AnswerOf
from growthring.console.visit import PageKind, Section, Visit
from growthring.operations.definitions import glossary
from growthring.revenue.metrics import METRICS

UNITS = {
    "money_per_month": "money per month",
    "money_per_year": "money per year",
    "ratio": "share",
    "count": "number",
    "index": "index",
}
"""What metrics count."""


def metrics(visit: Visit) -> Iterable[Block]:
    """List all metrics."""
    _ = visit.words
    rows = [
        {"name": metric_name(visit, name), "meaning": _(each.definition), "unit": each.unit.value,
         "other": each.title if _.language == "zh" else each.chinese,
         "key": name, "href": link("/definitions", metric=name, lang=visit.asked.get("lang"))}
        for name, each in METRICS.items()
    ]  # fmt: skip
    columns = [
        Column("name", _("Metric"), "text", "href"),
        Column("meaning", _("Meaning"), "long"),
        Column("unit", _("Counts"), "name", words={unit: _(word) for unit, word in UNITS.items()}),
        Column("other", _("In Chinese") if _.language == "en" else _("In English"), "text"),
        Column("key", _("On the command line"), "code"),
    ]
    yield Table("metrics", columns, rows, _("{count} metrics; each opens its formula and its SQL", count=len(rows)), page_size=15)


def policies(visit: Visit) -> Iterable[Block]:
    """List all policies with what each reproduces."""
    _ = visit.words
    own = visit.project.settings.project.policy
    rows = [
        {"policy": each.name, "title": _(each.title), "source": each.source, "warning": _(each.warning) if each.warning else "",
         "href": link("/definitions", policy=each.name, lang=visit.asked.get("lang")),
         "_tone": "total" if each.name == own else ""}
        for each in (visit.project.policy(name) for name in visit.project.policy_names())
    ]  # fmt: skip
    columns = [
        Column("policy", _("Policy"), "name", "href"),
        Column("title", _("What it reproduces"), "long"),
        Column("source", _("Where its definition was read"), "long"),
        Column("warning", _("Why not to rely on it"), "long"),
    ]
    yield Table("policies", columns, rows, _("The company's own is {policy}", policy=own), page_size=10)


def words(visit: Visit) -> Iterable[Block]:
    """List the words of the product."""
    _ = visit.words
    rows = [
        {"term": each.term, "chinese": each.chinese, "meaning": _(each.meaning), "about": _(each.about)} for each in glossary()
    ]
    columns = [
        Column("term", _("Word"), "text"),
        Column("meaning", _("Meaning"), "long"),
        Column("chinese", _("In Chinese"), "text"),
        Column("about", _("Belongs to"), "name"),
    ]
    yield Table("glossary", columns, rows, page_size=12)


_ALL = (
    Section("metrics", "Metrics", metrics),
    Section("policies", "Policies", policies),
    Section("glossary", "Glossary", words),
)


def sections(visit: Visit) -> Sequence[Section]:
    """Return the parts of a visit: all definitions, one metric, or one policy."""
    if visit.asked.get("metric"):
        return definitions_metric.SECTIONS
    return definitions_policy.SECTIONS if visit.asked.get("policy") else _ALL


def heading(visit: Visit) -> str:
    """Name the metric or the policy."""
    metric, policy = visit.asked.get("metric"), visit.asked.get("policy")
    if metric:
        return metric_name(visit, metric)
    return visit.words("Policy {name}", name=policy) if policy else visit.words("Definitions")


PAGE = PageKind("definitions", "Definitions", sections, heading, needs_data=False)
DEEDS: tuple[Deed, ...] = ()
ANSWERS: dict[str, AnswerOf] = {**definitions_metric.ANSWERS, **definitions_policy.ANSWERS}
