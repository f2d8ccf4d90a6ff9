"""Spikes with a common cause: what forgiving them would cost, and what was decided (PR-10)."""

import getpass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from growthring.forecast.spikes import SharedSpike, find_shared_spikes
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.history.opening import History
from growthring.operations.history.unusual import USAGE_REVENUE, Asked, amounts, open_usage
from growthring.operations.project import Project

if TYPE_CHECKING:
    from growthring.journal.forecast_entries import Decision

KIND = "shared_spike"
CHOICES = ("credit", "forgive", "charge", "keep")
"""Give the excess back, do not bill it, bill it as it is, or take it for lasting; only the last one leaves the run-rate alone."""
_DEFINITION = (
    "Months in which accounts that share an attribute value were far above their usual together, more of them than chance allows "
    "(exact test, false-discovery rate 1 %). The excess is what they were billed above their usual, at each one's average "
    "effective price of the month: crediting it costs that much."
)


def shared_spikes(project: Project, asked: Asked, *, progress: Progress = silent) -> Answer:
    """Answer which spikes have a common cause, what crediting the excess would cost, and what was decided."""
    history, found = _find(project, asked, progress)
    decided = _decisions(project)
    rows = [_row(history, each, decided) for each in found]
    open_cost = sum((Decimal(row["excess"]) for row in rows if row["decided"] == "open"), Decimal(0))
    return Answer(
        metric="shared_spikes",
        value=money(open_cost, history.currency) if history.currency else str(open_cost),
        unit=history.currency or history.panel.unit,
        at=str(history.panel.last_month),
        definition=_DEFINITION,
        policy=history.policy,
        snapshot=history.snapshot_id,
        rows=rows,
        caveats=_caveats(found),
    )


def decide_spike(
    project: Project,
    month: str,
    where: str,
    choice: str,
    *,
    note: str,
    author: str | None,
    amount: Decimal | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Record what is done about a spike; unless it is kept, its accounts are tagged one-off and leave the run-rate.

    Raises:
        GrowthringError: There is no such spike, it was decided already, or no such choice.
    """
    from growthring.journal.entries import TagKind

    if choice not in CHOICES:
        raise UnknownValueError("choice", choice, CHOICES)
    at, subject, who = Month.parse(month), f"{Month.parse(month)} {where}", author or getpass.getuser()
    history, found = _find(project, Asked(USAGE_REVENUE), progress)
    chosen = next((each for each in found if _subject(history, each) == subject), None)
    if chosen is None:
        known = ", ".join(_subject(history, each) for each in found) or "none"
        raise GrowthringError(f"No spike with a common cause in {subject}.", valid=f"Found: {known}.")
    if subject in _decisions(project):
        raise GrowthringError(f"{subject} was decided already.", remedy="`growthring spikes` shows what was decided.")
    excess = Decimal(money(Decimal(repr(chosen.total_excess)), history.currency))
    agreed = (excess if amount is None else amount) if choice in ("credit", "forgive") else Decimal(0)
    accounts = [str(history.panel.accounts[row]) for row in chosen.affected]
    with project.journal() as journal:
        journal.decide(KIND, subject, choice, amount=agreed, note=note, author=who)
        if choice != "keep":
            for account in accounts:
                journal.tag(
                    account, at.index, at.index, TagKind.ONE_OFF, author=who, because=f"spike of {where} in {at} ({choice})"
                )
    return {
        "subject": subject,
        "choice": choice,
        "amount": money(agreed, history.currency),
        "currency": history.currency,
        "accounts": accounts,
        "tagged": len(accounts) if choice != "keep" else 0,
        "author": who,
    }


def _find(project: Project, asked: Asked, progress: Progress) -> tuple[History, list[SharedSpike]]:
    history = open_usage(project, asked, progress)
    return history, find_shared_spikes(history.panel)


def _decisions(project: Project) -> "dict[str, Decision]":
    if not project.has_journal():
        return {}
    with project.journal() as journal:
        return {each.subject: each for each in journal.decisions(KIND)}


def _subject(history: History, each: SharedSpike) -> str:
    return f"{Month(history.panel.first_month + each.column)} {each.attribute}={each.value}"


def _row(history: History, each: SharedSpike, decided: "dict[str, Decision]") -> dict[str, Any]:
    entry = decided.get(_subject(history, each))
    amount = amounts(history)
    return {
        "month": str(Month(history.panel.first_month + each.column)),
        "shared": f"{each.attribute}={each.value}",
        "high": f"{len(each.affected)} of {len(each.rows)}",
        "others_high": f"{each.others_high[0]} of {each.others_high[1]}",
        "billed": amount(float(history.panel.values[each.affected, each.column].sum())),
        "excess": amount(each.total_excess),
        "chance": f"{each.p_value:.1g}",
        "proposal": "wait: the month is the last one known" if each.is_open else "credit the excess",
        "decided": _decided(entry),
    }


def _decided(entry: "Decision | None") -> str:
    if entry is None:
        return "open"
    return f"{entry.choice} {entry.amount.normalize():f}" if entry.amount else entry.choice


def _caveats(found: list[SharedSpike]) -> list[str]:
    if not found:
        return ["No month in which accounts with the same attribute value spiked together more often than chance allows."]
    return [
        "The excess is taken at the average price of the month; tiers are not rated again, and what a commitment or a free quota "
        "would have covered anyway is in it. Crediting it may cost less, not more.",
        "`growthring spikes decide MONTH ATTRIBUTE=VALUE --choice credit --note TEXT` records what you do; the accounts then "
        "leave the run-rate.",
    ]
