"""One-offs and run-rate: what a year at the present level is, what does not repeat, and what nobody has explained."""

from collections.abc import Iterable
from typing import Any

from growthring.charts import Axis, Labels, waterfall
from growthring.console.answers import caveats, evidence
from growthring.console.asked import link
from growthring.console.blocks import Block, Choice, Column, Drawing, Figure, Figures, Form, Input, Table
from growthring.console.deeds import Deed, Given, Told
from growthring.console.pages.forecast_asked import choices_of, views
from growthring.console.pages.forecast_terms import CAUSES, CHANGES, RUN_RATES, SPIKE_CHOICES, VERDICTS
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.operations.answer import Answer
from growthring.operations.forecasting.views import rows_of
from growthring.operations.history.shared_spikes import decide_spike
from growthring.operations.history.unusual import USAGE_REVENUE, Asked
from growthring.operations.history.usage_review import review_usage
from growthring.operations.history.why import answer_question, check_answer

_MEASURES = (USAGE_REVENUE, "revenue")
_OFFERED = 60


def ask(visit: Visit) -> Iterable[Block]:
    """Show the views, and how a run-rate is taken."""
    _ = visit.words
    yield views(visit)
    money = visit.asked.choice("money", _MEASURES, USAGE_REVENUE)
    yield choices_of(
        visit,
        Choice("money", _("What"), [(USAGE_REVENUE, _("Usage revenue")), ("revenue", _("All recurring revenue"))], money),
        Choice("rate", _("Run-rate"), [(name, _(word)) for name, word in RUN_RATES.items()], _rate(visit)),
    )


def review(visit: Visit) -> Answer:
    """Answer the run-rate with one-offs, spikes and questions: parameters ``money`` and ``rate``."""
    money = visit.asked.choice("money", _MEASURES, USAGE_REVENUE)
    found: Answer = visit.ask(review_usage, Asked(money), by=_rate(visit), slow=True)
    return found


def run_rate(visit: Visit) -> Iterable[Block]:
    """Show a year at the present level, beside the last month times twelve, and what makes the difference."""
    _ = visit.words
    found = review(visit)
    total, *rows = rows_of(found, "run_rate")
    proof = _proof(visit)
    names = {
        "naive": _("{month} times twelve", month=found.at), "one_offs": _("One-offs"),
        "level": _("Level of the months before"), "run_rate": _("Run-rate"),
    }  # fmt: skip
    yield Figures(
        [
            Figure(names["run_rate"], total["run_rate"], "amount", _(found.unit), _(RUN_RATES[_rate(visit)]), proof),
            Figure(names["naive"], total["naive"], "amount", _(found.unit), _("what annualising one month would say"), proof),
            Figure(
                _("Open questions"), len(rows_of(found, "question")), "count", "", _("changes nobody explained"), "#questions"
            ),
        ]
    )
    steps = [{"step": name, "amount": total[name]} for name in names]
    title = _("From one month times twelve to the run-rate")
    yield Drawing(
        waterfall(steps, step="step", amount="amount", axis=Axis(_(found.unit)), title=title, totals=("naive", "run_rate"),
                  labels=Labels(names), cut=_("(cut)"))
    )  # fmt: skip
    columns = [
        Column("name", _("Customer"), "name", "_account"),
        *(Column(name, word, "amount", "_proof" if name == "run_rate" else "") for name, word in names.items()),
        Column("difference", _("Difference"), "amount"),
        Column("because", _("Because"), "long"),
    ]
    yield Table("run_rates", columns, _linked(visit, rows), page_size=10)
    yield from caveats(found)


def questions(visit: Visit) -> Iterable[Block]:
    """Show which changes want a reason, and take the answer."""
    _ = visit.words
    rows = rows_of(review(visit), "question")
    words = worded(CHANGES, visit)
    columns = [
        Column("name", _("Customer"), "name", "_account"),
        Column("from", _("From"), "month"),
        Column("to", _("To"), "month"),
        Column("what", _("What happened"), "text", words=words),
        Column("usual", _("Usual month"), "amount"),
        Column("amount", _("These months"), "amount"),
        Column("at_stake", _("At stake a year"), "amount", "_proof"),
        Column("shared_with", _("Shared with"), "name"),
    ]
    empty = _("Every change of the last twelve months is explained.")
    yield Table("questions", columns, _linked(visit, rows), empty=empty, page_size=10)
    if rows:
        options = [
            (
                f"{row['account']}|{row['from']}|{row['to']}",
                f"{row['name']} · {row['from']} · {words.get(row['what'], row['what'])}",
            )
            for row in rows[:_OFFERED]
        ]
        inputs = [
            Input("question", _("Which change"), "select", options, required=True),
            Input("code", _("Why"), "radio", [(name, _(word)) for name, word in CAUSES.items()], required=True),
            Input("evidence", _("What it is known from"), "textarea", required=True),
        ]
        yield Form("forecast_why", _("Say why"), inputs, _("Check it"), visit.asked.url() + "#questions")


def one_offs(visit: Visit) -> Iterable[Block]:
    """Show the stretches that are no level."""
    _ = visit.words
    columns = [
        Column("name", _("Customer"), "name", "_account"),
        Column("from", _("From"), "month"),
        Column("to", _("To"), "month"),
        Column("amount", _("Amount"), "amount"),
        Column("usual", _("Usual"), "amount"),
        Column("excess", _("Excess"), "amount", "_proof"),
        Column("times", _("Times the usual"), "number"),
        Column("verdict", _("Verdict"), "text", words=worded(VERDICTS, visit)),
        Column("probability", _("Chance that it is one"), "share"),
    ]
    rows = _linked(visit, rows_of(review(visit), "one_off"))
    yield Table("one_offs", columns, rows, empty=_("No month lies beyond the level before it and after it."), page_size=10)


def spikes(visit: Visit) -> Iterable[Block]:
    """Show spikes with a common cause, and take what is done about them."""
    _ = visit.words
    rows = [{**row, "_proof": _proof(visit)} for row in rows_of(review(visit), "spike")]
    columns = [
        Column("month", _("Month"), "month"),
        Column("shared", _("What they share"), "name"),
        Column("high", _("High among them"), "name"),
        Column("others_high", _("High among others"), "name"),
        Column("billed", _("Billed"), "amount"),
        Column("excess", _("Excess"), "amount", "_proof"),
        Column("chance", _("Chance of it"), "code"),
        Column("decided", _("Decided"), "text", words={"open": _("open")}),
    ]
    yield Table("spikes", columns, rows, empty=_("No month in which customers that share something spiked together."), find=False)
    if waiting := _waiting(visit):
        options = [(f"{row['month']}|{row['shared']}", f"{row['month']} · {row['shared']} · {row['excess']}") for row in waiting]
        inputs = [
            Input("spike", _("Which spike"), "select", options, required=True),
            Input("choice", _("What is done"), "radio", [(name, _(word)) for name, word in SPIKE_CHOICES.items()], required=True),
            Input("note", _("Why"), "textarea", required=True),
        ]
        yield Form("forecast_spike", _("Decide about a spike"), inputs, _("Check it"), visit.asked.url() + "#spikes", "approver")


def _rate(visit: Visit) -> str:
    return visit.asked.choice("rate", tuple(RUN_RATES), "median_3")


def _proof(visit: Visit) -> str:
    return evidence("usage_review", money=visit.asked.get("money"), rate=visit.asked.get("rate"))


def _linked(visit: Visit, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with where their customer and their Answer are."""
    return [{**row, "_account": link("/account", id=row["account"]), "_proof": _proof(visit)} for row in rows]


def _question(given: Given) -> tuple[str, str, str]:
    parts = given.get("question", "").rsplit("|", 2)
    if len(parts) != 3 or not given.get("evidence"):
        raise GrowthringError("No change was chosen, or no evidence was given.", valid="An answer is kept with its evidence.")
    return parts[0], parts[1], parts[2]


def _told_why(visit: Visit, given: Given) -> Told:
    _ = visit.words
    account, first, last = _question(given)
    code = given.get("code", "")
    check_answer(visit.project, account, first=first, last=last, code=code, evidence=given["evidence"])
    lines = [
        (_("Customer"), account),
        (_("Months"), f"{first} – {last}"),
        (_("Why"), _(CAUSES[code])),
        (_("Evidence"), given["evidence"]),
    ]
    if code == "one_off":
        lines.append((_("Also"), _("these months are tagged one-off: they leave recurring revenue and the run-rate")))
    return lines


def _why(visit: Visit, given: Given) -> str:
    account, first, last = _question(given)
    answer_question(
        visit.project,
        account,
        first=first,
        last=last,
        code=given.get("code", ""),
        evidence=given["evidence"],
        author=visit.user.name,
    )
    return visit.words("Noted why {account} changed in {month}; it is not asked again.", account=account, month=first)


def _spike(visit: Visit, given: Given) -> tuple[str, str]:
    """Return month and common cause of the spike that is decided about.

    Raises:
        GrowthringError: No spike that waits for a decision was chosen, or nothing that can be done about one.
    """
    month, __, shared = given.get("spike", "").partition("|")
    if not any((row["month"], row["shared"]) == (month, shared) for row in _waiting(visit)):
        raise GrowthringError("No spike that waits for a decision was chosen.", remedy="Reload the page: somebody was faster.")
    if given.get("choice") not in SPIKE_CHOICES:
        raise UnknownValueError("choice", given.get("choice", ""), SPIKE_CHOICES)
    return month, shared


def _waiting(visit: Visit) -> list[dict[str, Any]]:
    return [row for row in rows_of(review(visit), "spike") if row["decided"] == "open"]


def _told_spike(visit: Visit, given: Given) -> Told:
    _ = visit.words
    month, shared = _spike(visit, given)
    lines = [(_("Spike"), f"{month} · {shared}"), (_("What is done"), _(SPIKE_CHOICES[given["choice"]]))]
    if given["choice"] != "keep":
        lines.append((_("Also"), _("the customers it reached are tagged one-off in that month: it leaves the run-rate")))
    return [*lines, (_("Why"), given.get("note", ""))]


def _decide(visit: Visit, given: Given) -> str:
    month, shared = _spike(visit, given)
    row = decide_spike(visit.project, month, shared, given["choice"], note=given.get("note", ""), author=visit.user.name)
    return visit.words(
        "Decided: {choice}, {amount} {currency}; {count} customers tagged.", choice=visit.words(SPIKE_CHOICES[row["choice"]]),
        amount=row["amount"], currency=row["currency"], count=row["tagged"],
    )  # fmt: skip


DEEDS = (
    Deed("forecast_why", "Say why usage changed", "contributor", _told_why, _why),
    Deed("forecast_spike", "Decide about a spike", "approver", _told_spike, _decide),
)
