"""Unusual usage of a project: one-offs that leave the run-rate, and the run-rate itself (FC-06)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from growthring.forecast.history import QUIET_MONTHS, panel_of
from growthring.forecast.one_offs import LEAVING, OneOff, OneOffs, Ruling, Verdict, find_one_offs
from growthring.forecast.run_rate import AccountRunRate, RunRatePolicy, run_rate_policy, run_rates
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.history.opening import History, attributes_at, open_history
from growthring.operations.project import Project
from growthring.operations.reading import read
from growthring.revenue.policy import Basis, Policy

USAGE_REVENUE = "usage"
"""Measure of unusual usage: usage revenue in the reporting currency; besides, the measures of forecasts."""

_ONE_OFFS = (
    "Stretches of at most a quarter far from the level of the account before and after them; growth and lasting jumps are none, "
    "nor is what its segment does or what returns after twelve months. What people tagged or answered goes before what is found."
)
_RUN_RATE = (
    "A year of usage revenue at the present level: {title}, times twelve. Naive is {month} times twelve. The difference of each "
    "account is what one-offs of that month take off, and what the other months say (level)."
)


@dataclass(frozen=True)
class Asked:
    """Which usage is looked at.

    Attributes:
        measure: ``usage`` (usage revenue), ``revenue`` or ``usage:METER``.
        at: Last month; the last complete one when absent.
        as_of: See only what was known then.
        policy: Revenue policy; the project's when absent.
    """

    measure: str = USAGE_REVENUE
    at: str | None = None
    as_of: datetime | None = None
    policy: str | None = None


def open_usage(project: Project, asked: Asked, progress: Progress = silent) -> History:
    """Read usage by account and month, without anything a policy smooths or tags take off.

    Raises:
        GrowthringError: There is no usage revenue under the policy, or the month lies outside the data.
    """
    through = project.calendar.parse(asked.at)[1] if asked.at else None
    found = _usage_through(project, asked, through, progress)
    if not found.panel.rows:
        _refuse_nothing(project, asked, through, progress)
    last = found.panel.last_month
    if through is not None and through > last:
        raise GrowthringError(
            f"{through} is not in the data as a whole month.", valid=f"Valid: months up to {last}.", remedy=f"Pass --at {last}."
        )
    return found


def _usage_through(project: Project, asked: Asked, through: Month | None, progress: Progress) -> History:
    if asked.measure != USAGE_REVENUE:
        return open_history(
            project, measure=asked.measure, as_of=asked.as_of, policy=asked.policy, through=through, progress=progress
        )
    chosen = project.policy(asked.policy)
    found = _usage_revenue(project, chosen, asked, through, progress)
    if not found.panel.rows and project.price_books[0] and chosen.restate == "current":
        # a business that never invoiced use line by line still has a price for it
        found = _usage_revenue(project, chosen.replace(usage_evidence="rated"), asked, through, progress)
    return found


def _refuse_nothing(project: Project, asked: Asked, through: Month | None, progress: Progress) -> None:
    """Say why there is nothing: the month lies before the first one with data, or there is no usage revenue at all."""
    whole = _usage_through(project, asked, None, progress).panel if through else None
    if whole is not None and whole.rows:
        raise GrowthringError(
            f"{through} lies before the first month with data, {Month(whole.first_month)}.",
            valid=f"Valid: {Month(whole.first_month)} to {whole.last_month}.",
            remedy=f"Pass --at {whole.last_month}.",
        )
    if asked.measure == USAGE_REVENUE:
        raise GrowthringError(
            f"There is no usage revenue under policy {project.policy(asked.policy).name}.",
            valid="Usage revenue is read from invoice lines of kind usage, or from usage rated under price books.",
            remedy="Look at --measure revenue, or add a price book: docs/how-to/price-books.md.",
        )


def _usage_revenue(project: Project, chosen: Policy, asked: Asked, through: Month | None, progress: Progress) -> History:
    basis = "live" if chosen.basis is Basis.USAGE_SMOOTHED else chosen.basis
    raw = chosen.replace(one_off="include", smoothing="none", basis=basis)
    reading = read(project, policy=raw, as_of=asked.as_of, progress=progress)
    last = reading.ledger.setting.last_complete_month
    last = min(last, through) if through is not None else last
    panel = panel_of(
        reading.ledger.connection,
        "SELECT account_id, '' AS series, month, usage_amount AS amount FROM recurring WHERE usage_amount <> 0",
        last_month=last.index,
        unit=f"{reading.currency} per month",
        quiet=QUIET_MONTHS,
        attributes=attributes_at(reading.ledger.connection, last, asked.as_of),
    )
    policy = {"name": chosen.name, "version": chosen.version}
    return History(panel, USAGE_REVENUE, reading.currency, policy, reading.snapshot.snapshot_id, asked.as_of)


def rulings(project: Project, as_of: datetime | None) -> list[Ruling]:
    """Return what people said about months of accounts, tags and answers, oldest first.

    One-off takes months out of the run-rate; structural and seasonal keep them in; external and unknown leave them to what is
    found.
    """
    if not project.has_journal():
        return []
    known_at = as_of.replace(tzinfo=UTC) if as_of is not None and as_of.tzinfo is None else as_of
    with project.journal() as journal:
        tags = [each for each in journal.tags(known_at=known_at) if each.tag.value == "one_off"]
        reasons = journal.reasons(known_at=known_at)
    said = [
        (each.tagged_at, Ruling(each.account_id, "", each.first_month, each.last_month, is_one_off=True)) for each in tags
    ] + [
        (each.recorded_at, Ruling(each.account_id, "", each.first_month, each.last_month, each.code.value == "one_off"))
        for each in reasons
        if each.code.value in ("one_off", "structural", "seasonal")
    ]
    return [ruling for _, ruling in sorted(said, key=lambda each: each[0])]


def find(project: Project, asked: Asked, progress: Progress = silent) -> tuple[History, OneOffs]:
    """Return usage with its one-offs."""

    def found() -> tuple[History, OneOffs]:
        history = open_usage(project, asked, progress)
        return history, find_one_offs(history.panel, rulings(project, asked.as_of))

    return project.kept(("one-offs", project.state_token(), asked), found)


def one_offs(project: Project, asked: Asked, *, progress: Progress = silent) -> Answer:
    """Answer which stretches of usage are one-offs, the largest first."""
    history, found = find(project, asked, progress)
    rows = sorted(found.found, key=lambda each: -abs(each.excess))
    amount = amounts(history)
    leaving = sum((each.excess for each in found.found if each.verdict in LEAVING), 0.0)
    panel = history.panel
    return Answer(
        metric="one_offs",
        value=amount(leaving),
        unit=history.currency or panel.unit,
        at=str(panel.last_month),
        definition=_ONE_OFFS,
        policy=history.policy,
        snapshot=history.snapshot_id,
        rows=[_one_off_row(history, each) for each in rows],
        caveats=_one_off_caveats(found),
    )


def _one_off_row(history: History, each: OneOff) -> dict[str, Any]:
    amount, first = amounts(history), history.panel.first_month
    return {
        "account": str(history.panel.accounts[each.row]),
        "from": str(Month(first + each.start)),
        "to": str(Month(first + each.start + each.length - 1)),
        "amount": amount(each.value),
        "usual": amount(each.usual),
        "excess": amount(each.value - each.usual),
        "times": round(each.value / each.usual, 2) if each.usual > 0 else None,
        "verdict": each.verdict.value,
        "probability": round(each.probability, 2),
    }


def _one_off_caveats(found: OneOffs) -> list[str]:
    seen = found.screen
    told = [
        f"{seen.tests:,} stretches were judged; at a false-discovery rate of 5 %, of those found one in twenty may be chance."
    ]
    if any(each.verdict is Verdict.UNKNOWN_YET for each in found.found):
        back, jumps = seen.went_back[1, 1]
        told.append(
            f"unknown_yet: the data end before it could go back. Of {jumps:,} such jumps up in this history, {back:,} were gone "
            "within a quarter. Answer with `growthring why answer`."
        )
    return told


def run_rate(project: Project, asked: Asked, *, by: str = "median_3", progress: Progress = silent) -> Answer:
    """Answer the run-rate of usage revenue under a named policy, beside the naive figure, with the difference by account.

    Args:
        project: The project.
        asked: Which usage; a measure in money.
        by: Name of the run-rate policy.
        progress: Told about what has to be computed first.
    """
    policy = run_rate_policy(by)
    if asked.measure.startswith("usage:"):
        raise GrowthringError(
            f"{asked.measure} counts no money, so it has no run-rate.", valid="Valid: --measure usage or --measure revenue."
        )
    history, found = find(project, asked, progress)
    rates = sorted(run_rates(found, policy), key=lambda each: (-abs(each.difference), each.row))
    total = [sum((getattr(each, name) for each in rates), Decimal(0)) for name in ("naive", "amount", "difference", "one_offs")]
    whole = dict(zip(("naive", "run_rate", "difference", "one_offs"), total, strict=True))
    rows = [{"account": "total", **_parts(history, whole), "because": ""}]
    rows += [{"account": str(history.panel.accounts[each.row]), **_shown(history, each, policy)} for each in rates]
    return Answer(
        metric="usage_run_rate",
        value=money(total[1], history.currency),
        unit=f"{history.currency} per year",
        at=str(history.panel.last_month),
        definition=_RUN_RATE.format(title=policy.title, month=history.panel.last_month),
        policy={"name": f"{policy.name} on {history.policy['name']}", "version": history.policy["version"]},
        snapshot=history.snapshot_id,
        rows=rows,
        caveats=_run_rate_caveats(found, policy),
    )


def _run_rate_caveats(found: OneOffs, policy: RunRatePolicy) -> list[str]:
    first = found.panel.last_known - policy.window + 1
    unknown = [each for each in found.found if each.verdict is Verdict.UNKNOWN_YET and each.start + each.length > first]
    if not (unknown and policy.without_one_offs):
        return []
    return [
        f"Stretches at the end of the data that may be one-offs: {len(unknown)}. A rise leaves with its chance; a fall stays."
    ]


def _shown(history: History, each: AccountRunRate, policy: RunRatePolicy) -> dict[str, Any]:
    parts = {"naive": each.naive, "run_rate": each.amount, "difference": each.difference, "one_offs": each.one_offs}
    first = history.panel.first_month
    told = [
        f"{Month(first + one.start)} {one.verdict.value.replace('_', ' ')}"
        + (f" ({one.probability:.0%})" if one.verdict is Verdict.UNKNOWN_YET else "")
        for one in each.stretches
    ]
    return {
        **_parts(history, parts),
        "because": ", ".join(told) or (f"level of {policy.window} months" if each.difference else ""),
    }


def _parts(history: History, parts: dict[str, Decimal]) -> dict[str, str]:
    shown = {name: money(value, history.currency) for name, value in parts.items()}
    shown["level"] = str(Decimal(shown["difference"]) - Decimal(shown["one_offs"]))
    return shown


def amounts(history: History) -> Callable[[float], str]:
    """Return how an amount of a history is written: money with its decimals, quantities as whole numbers."""
    if history.currency:
        return lambda value: money(Decimal(repr(float(value))), history.currency)
    return lambda value: f"{value:.0f}"
