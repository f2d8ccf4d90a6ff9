"""The bridge to another policy: why the same data give another figure under other definitions."""

from collections.abc import Iterable

from growthring.charts import Axis, Labels, waterfall
from growthring.console.answers import caveats, metric_name, shape_of_unit
from growthring.console.asked import link
from growthring.console.blocks import Block, Choice, Choices, Column, Drawing, Figure, Figures, Note, Table
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.policy_words import switch_words
from growthring.console.pages.revenue_look import Look, kept, look, unit_words
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.revenue.compare import policy_bridge

MEASURES = ("ndr", "grr", "logo_retention", "mrr", "arr", "customers")


def bridge(visit: Visit) -> Iterable[Block]:
    """Show how a figure becomes what it is under another policy, switch by switch."""
    _ = visit.words
    found = look(visit)
    others = [name for name in visit.project.policy_names() if name != found.policy]
    other, metric = visit.asked.choice("other", tuple(others), ""), _measure(visit)
    measures = [(each, metric_name(visit, each)) for each in MEASURES]
    policies = [("", _("choose one")), *((name, name) for name in others)]
    asked = [
        Choice("bridged", _("Metric"), measures, metric),
        Choice("other", _("From policy {policy} to", policy=found.policy), policies, other),
    ]
    yield Choices(asked, kept(visit, "other", "bridged"))
    if not other:
        yield Note(_("Choose a policy: the bridge shows what each of its definitions changes, and for whom."))
        return
    answer = bridged(visit)
    gap = found.evidence("policy_bridge", bridged=metric, other=other)
    yield _ends(visit, found, answer, other, gap)
    yield from _steps(visit, answer, found.policy, other)
    yield _customers(visit, answer, gap)
    yield from caveats(answer)[1:]


def bridged(visit: Visit) -> Answer:
    """Answer the bridge that a visit asks for: parameters ``other`` and ``bridged`` beside those of the page."""
    found = look(visit)
    answer: Answer = visit.ask(
        policy_bridge, _measure(visit), found.policy, visit.asked.get("other", found.policy), found.view, slow=True
    )
    return answer


def _measure(visit: Visit) -> str:
    metric = visit.asked.get("metric")
    return visit.asked.choice("bridged", MEASURES, metric if metric in MEASURES else MEASURES[0])


def _ends(visit: Visit, found: Look, answer: Answer, other: str, gap: str) -> Figures:
    _ = visit.words
    name, shape = metric_name(visit, answer.metric), shape_of_unit(answer.unit)
    steps = [row for row in answer.rows if row["kind"] == "step"]
    here = found.evidence("show", metric=answer.metric)
    there = found.evidence("show", metric=answer.metric, policy=other)
    unit = unit_words(visit, answer.unit)
    return Figures(
        [
            Figure(name, steps[0]["amount"], shape, unit, _("policy {name}", name=found.policy), here),
            Figure(_("Gap"), answer.value, "points" if shape == "share" else shape, unit, _("the steps below add up to it"), gap),
            Figure(name, steps[-1]["amount"], shape, unit, _("policy {name}", name=other), there),
        ]
    )


def _steps(visit: Visit, answer: Answer, first: str, second: str) -> Iterable[Block]:
    _ = visit.words
    is_share = shape_of_unit(answer.unit) == "share"
    ends = {"first": _("policy {name}", name=first), "second": _("policy {name}", name=second)}
    rows = [
        {
            **row,
            "what": ends.get(row["step"]) or switch_words(visit, row["step"]),
            "href": "" if row["step"] in ends else _for_whom(visit, row["step"]),
        }
        for row in answer.rows
        if row["kind"] == "step"
    ]
    words = {row["step"]: _short(row["what"]) for row in rows}
    axis = Axis(unit_words(visit, answer.unit) or metric_name(visit, answer.metric), "share" if is_share else "amount")
    title = _("What each definition changes on the way from {first} to {second}", first=first, second=second)
    drawn = [row for row in rows if row["step"] in ends or float(str(row["amount"]))]
    yield Drawing(
        waterfall(drawn, step="step", amount="amount", axis=axis, title=title, totals=("first", "second"), labels=Labels(words),
                  href="href", cut=_("(cut)"))
    )  # fmt: skip
    columns = [
        Column("what", _("Definition changed"), "long", "href"),
        _effect(visit, answer, "amount", "href"),
        Column("customers", _("Customers"), "count", "href"),
    ]
    between = [row for row in rows if row["step"] not in ends]
    yield Table("switches", columns, between, _("Each definition"), _("Both policies define everything alike."), find=False)


def _effect(visit: Visit, answer: Answer, name: str, href: str) -> Column:
    """Return the column of what a definition changes: points of a rate, or money."""
    if shape_of_unit(answer.unit) == "share":
        return Column(name, visit.words("Points"), "points", href)
    return Column(name, unit_words(visit, answer.unit), "amount", href)


def _for_whom(visit: Visit, switch: str) -> str:
    """Return the address of the customers that a definition counts otherwise: the table below, filtered by its words."""
    return visit.asked.url(**{"bridge.find": switch_words(visit, switch), "bridge.page": None}) + "#t-bridge"


def _short(text: str) -> str:
    return text if len(text) < 34 else text[:32].rstrip() + "…"


def _customers(visit: Visit, answer: Answer, gap: str) -> Table:
    _ = visit.words
    rows = [
        {**row, "what": switch_words(visit, row["switch"]), "_proof": gap,
         "href": "" if str(row["customer"]).startswith("(") else link("/account", id=row["customer"])}
        for row in answer.rows
        if row["kind"] == "customer"
    ]  # fmt: skip
    columns = [
        Column("name", _("Customer"), "name", "href"),
        Column("what", _("Definition changed"), "long"),
        _effect(visit, answer, "effect", "_proof"),
    ]
    return Table(
        "bridge", columns, rows, _("For whom: the effects sum to the gap"), _("No customer is counted otherwise."), page_size=10
    )


ANSWERS: dict[str, AnswerOf] = {"policy_bridge": bridged}
