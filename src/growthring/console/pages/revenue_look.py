"""How revenue is looked at: the period, the policy and the currency of a page, and the choices that change them."""

from dataclasses import dataclass

from growthring.console.answers import evidence, metric_name
from growthring.console.asked import link
from growthring.console.blocks import Choice, Choices
from growthring.console.visit import Visit
from growthring.kernel.period import FiscalCalendar, PeriodKind
from growthring.operations.answer import Answer
from growthring.operations.revenue.askable import Askable, askable, prepare
from growthring.operations.revenue.show import View, show
from growthring.revenue.metrics import METRICS, Combine

PERIODS = {"month": "month", "quarter": "quarter", "fiscal_year": "fiscal year"}
"""Lengths of a period."""

FILTERS = ("movement", "driver", "by", "group", "vintage", "from", "customer", "of_metric")
"""Parameters that lead from a figure to its customers."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a page of revenue is about.

    Attributes:
        at: The period, or empty where there is no revenue.
        period: Its length.
        policy: Name of the policy.
        currency: Reporting currency, or nothing for the project's.
        can: What can be chosen.
    """

    at: str
    period: PeriodKind
    policy: str
    currency: str | None
    can: Askable

    @property
    def view(self) -> View:
        """The look as operations take it."""
        return View(at=self.at or None, period=self.period, currency=self.currency)

    @property
    def params(self) -> dict[str, object]:
        """The look as parameters of a URL."""
        period = None if self.period is PeriodKind.MONTH else self.period.value
        return {"at": self.at, "period": period, "policy": self.policy, "currency": self.currency}

    def link(self, **more: object) -> str:
        """Return the address of the page with this look and more parameters."""
        return link("/revenue", **{**self.params, **more})

    def evidence(self, of: str, **more: object) -> str:
        """Return the address of an Answer with this look."""
        return evidence(of, **{**self.params, **more})


def look(visit: Visit) -> Look:
    """Return what a visit looks at; a period of another length than chosen becomes the one that holds its end."""
    can: Askable = visit.ask(askable)
    asked = visit.asked
    period = PeriodKind(asked.choice("period", tuple(PERIODS), PeriodKind.MONTH.value))
    at = _at(visit.project.calendar, asked.get("at"), period, can)
    currency = asked.get("currency")
    return Look(
        at, period, visit.project.policy(asked.get("policy") or None).name,
        currency if currency in can.currencies[1:] else None, can,
    )  # fmt: skip


def _at(calendar: FiscalCalendar, at: str, period: PeriodKind, can: Askable) -> str:
    """Return the period asked for; of another length the one that holds its end, or the last before it where that is not over."""
    ends = can.periods(period)
    if not at:
        return ends[0] if ends else ""
    end = calendar.parse(at)[1]
    found = calendar.label(calendar.period_of(end, period)[1], period)
    if found == at or found in ends:
        return found
    return next((each for each in ends if calendar.parse(each)[1] <= end), found)


def opened(visit: Visit, metric: str = "mrr") -> Look:
    """Return what a visit looks at, once the ledger that it takes is up to date; raises while it is being made."""
    found = look(visit)
    own = found.policy == visit.project.settings.project.policy and found.currency is None
    if not own or METRICS[metric].basis:
        visit.ask(prepare, metric, policy=found.policy, currency=found.currency, slow=True)
    return found


def shown(visit: Visit, metric: str, found: Look, view: View | None = None) -> Answer:
    """Answer a metric under a look."""
    answer: Answer = visit.ask(show, metric, view or found.view, policy=found.policy)
    return answer


def choices(visit: Visit, found: Look) -> Choices:
    """Return the choices of period, policy and currency."""
    _ = visit.words
    ends = found.can.periods(found.period)
    ends = ends if found.at in ends or not found.at else (found.at, *ends)
    chosen = [
        Choice("at", _("Period"), [(each, each) for each in ends], found.at),
        Choice("period", _("Length"), [(each, _(word)) for each, word in PERIODS.items()], found.period.value),
        Choice("policy", _("Policy"), [(name, name) for name in visit.project.policy_names()], found.policy),
    ]
    if len(found.can.currencies) > 1:
        codes = [(code, code) for code in found.can.currencies]
        chosen.append(Choice("currency", _("Currency"), codes, found.currency or codes[0][0]))
    return Choices(chosen, kept(visit, *(choice.name for choice in chosen)))


def kept(visit: Visit, *without: str) -> dict[str, str]:
    """Return the parameters of a page that a choice leaves as they are: all but some, and the pages of tables."""
    return {name: value for name, value in visit.asked.params.items() if name not in without and "." not in name}


def metric_options(visit: Visit) -> list[tuple[str, str]]:
    """Return the metrics that have one value a period, with their names."""
    return [(name, metric_name(visit, name)) for name, each in METRICS.items() if each.combine is not Combine.TABLE]


def unit_words(visit: Visit, unit: str) -> str:
    """Return the words of a unit of money, such as ``USD per month``; other units need none."""
    return visit.words(unit) if unit not in ("ratio", "count", "index") else ""
