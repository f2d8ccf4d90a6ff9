"""What needs somebody today: questions, restated months, statements that fail, rejected rows; each with what to do (RP-02)."""

from collections.abc import Iterable

from growthring.console.asked import link
from growthring.console.blocks import Block, Note, Statement, Statements
from growthring.console.desk import StillWorkingError
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError
from growthring.operations.data.assertions import check_assertions
from growthring.operations.data.closes import restated_closes
from growthring.operations.data.problems import summarise_problems
from growthring.operations.history.unusual import Asked as AskedUsage
from growthring.operations.history.why import open_questions
from growthring.operations.known_names import account_names

_NAMED = 3


def today(visit: Visit) -> Iterable[Block]:
    """Say what wants a decision, the most urgent first."""
    still: StillWorkingError | None = None
    asked: list[Statement] = []
    try:
        asked = _questions(visit)
    except StillWorkingError as working:
        still = working
    found = [*_failing(visit), *_restated(visit), *asked, *_rejected(visit)]
    if found:
        yield Statements(found)
    if still:
        raise still
    if not found:
        yield Note(visit.words("Nothing waits for anybody."), state="done")


def _failing(visit: Visit) -> list[Statement]:
    _ = visit.words
    failed = [result for result in visit.ask(check_assertions) if not result.holds]
    return [
        Statement(
            _("What you know does not hold: {statement}.", statement=result.statement),
            link("/data") + "#assertions",
            _("The books say {actual}.", actual=result.actual),
            "bad",
        )
        for result in failed
    ]


def _restated(visit: Visit) -> list[Statement]:
    _ = visit.words
    return [
        Statement(
            _(
                "{month} was closed with {reported} and reads {now} today.",
                month=each.month,
                reported=_.value(each.as_reported, "amount"),
                now=_.value(each.now, "amount"),
            ),
            link("/data", restated=each.month) + "#closes",
            "",
            "warn",
            _("See who caused it"),
            link("/data", restated=each.month) + "#closes",
        )
        for each in visit.ask(restated_closes)
    ]  # fmt: skip


def _questions(visit: Visit) -> list[Statement]:
    """Name the largest changes of usage that nobody explained; they are looked for in the background."""
    _ = visit.words
    try:
        found = visit.ask(open_questions, AskedUsage(), top=0, slow=True)  # as customers' pages ask it
    except GrowthringError:  # no usage, or too little of it: nothing to ask about
        return []
    names = visit.ask(account_names)
    return [
        Statement(
            _(
                "Why did the usage of {account} change in {month}?",
                account=names.get(row["account"], row["account"]), month=row["from"],
            ),
            link("/account", id=row["account"]),
            _("At stake: {amount} a year.", amount=_.value(row["at_stake"], "amount")),
            "warn",
            _("Say why"),
            link("/account", id=row["account"]) + "#questions",
        )
        for row in found.rows[:_NAMED]
    ]  # fmt: skip


def _rejected(visit: Visit) -> list[Statement]:
    _ = visit.words
    rejected = [each for each in visit.ask(summarise_problems) if each.severity == "rejected"]
    if not rejected:
        return []
    rows = sum(each.rows for each in rejected)
    first = rejected[0]
    worth = ", ".join(f"{currency} {_.value(amount, 'amount')}" for currency, amount in first.amounts.items() if currency)
    return [
        Statement(
            _("{count} rows of the data were left out.", count=_.value(rows, "count")),
            link("/data") + "#problems",
            _("Most: {code} in {source}, worth {worth}.", code=first.code, source=first.source, worth=worth or "–"),
            "warn",
            _("See how to mend them"),
            link("/data") + "#problems",
        )
    ]
