"""Reconciling: what the price books ask for against what was invoiced, with the likely cause of every residual."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.engine.relation import compose
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.pricing.rating import rate, rating_caveats
from growthring.operations.project import Project
from growthring.pricing.reconciliation import CAUSES, EXAMINED, CauseTotal, Difference, Reconciliation, reconciliation_chain
from growthring.pricing.reconciliation import reconcile as compare_with_invoices

GROUPS = ("cause", "account")
_REMEDIES = {cause.name: cause.remedy for cause in CAUSES}
_AGREED = ("matched",)


def reconcile(
    project: Project,
    *,
    at: str | None = None,
    by: str = "cause",
    with_fees: bool = False,
    top: int = 20,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer whether invoices say what the price books ask for: by cause or account, then the largest residuals.

    Args:
        project: The project.
        at: Only periods that begin in this month.
        by: cause or account.
        with_fees: Compare fees with recurring invoice lines, too.
        top: Residuals listed one by one, of each currency; 0 lists all that were examined.
        as_of: See only what was known then.
        progress: Told about each month rated.

    Raises:
        UnknownValueError: ``by`` is neither.
    """
    if by not in GROUPS:
        raise UnknownValueError("grouping of residuals", by, GROUPS)
    rating = rate(project, as_of=as_of, progress=progress)
    found = compare_with_invoices(rating, months=project.calendar.parse(at) if at else None, with_fees=with_fees)
    groups = _by_cause(found.totals) if by == "cause" else _by_account(found.residuals)
    periods = sum(each.account_periods for each in found.totals)
    agreed = sum(each.account_periods for each in found.totals if each.cause in _AGREED)
    return Answer(
        metric="reconciliation",
        value=agreed / periods if periods else None,
        unit="ratio",
        at=at or f"through {rating.terms.through}",
        definition="Share of account-periods whose invoices say to the minor unit what the price books ask for; "
        "residual = rated − invoiced.",
        policy={"name": ", ".join(sorted({book.policy for book in rating.terms.books})), "version": "rating"},
        snapshot=project.snapshot().snapshot_id,
        rows=groups + _residuals(found.residuals, top),
        sql=compose(reconciliation_chain(rating, with_fees=with_fees), "reconciliation"),
        caveats=_caveats(found, periods) + rating_caveats(rating),
    )


def _by_cause(totals: Sequence[CauseTotal]) -> list[dict[str, Any]]:
    rated: dict[str, Decimal] = defaultdict(Decimal)
    for each in totals:
        rated[each.currency] += each.rated_amount
    return [
        {
            "kind": "cause",
            "cause": each.cause,
            "currency": each.currency,
            "account_periods": each.account_periods,
            "rated": money(each.rated_amount, each.currency),
            "invoiced": money(each.invoiced_amount, each.currency),
            "residual": money(each.residual_amount, each.currency),
            "share_of_rated": _percent(each.rated_amount, rated[each.currency]),
            "what_to_do": _REMEDIES[each.cause],
        }
        for each in totals
    ]


def _by_account(residuals: Sequence[Difference]) -> list[dict[str, Any]]:
    """Return a row an account and currency with residuals, the largest first."""
    groups: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    for each in residuals:
        groups[each.account_id, each.currency].append(each)
    rows = [
        (
            sum((each.residual_amount for each in members), Decimal(0)),
            {
                "kind": "account",
                "account": account,
                "currency": currency,
                "account_periods": len(members),
                "rated": money(sum((each.rated_amount for each in members), Decimal(0)), currency),
                "invoiced": money(sum((each.invoiced_amount for each in members), Decimal(0)), currency),
                "residual": money(sum((each.residual_amount for each in members), Decimal(0)), currency),
                "causes": ", ".join(sorted({each.cause for each in members})),
            },
        )
        for (account, currency), members in groups.items()
    ]
    return [row for _, row in sorted(rows, key=lambda item: (item[1]["currency"], -abs(item[0]), item[1]["account"]))]


def _residuals(residuals: Sequence[Difference], top: int) -> list[dict[str, Any]]:
    listed: dict[str, int] = defaultdict(int)
    rows = []
    for each in residuals:
        listed[each.currency] += 1
        if top and listed[each.currency] > top:
            continue
        rows.append(
            {
                "kind": "residual",
                "account": each.account_id,
                "period_start": each.period_start.isoformat(),
                "currency": each.currency,
                "rated": money(each.rated_amount, each.currency),
                "invoiced": money(each.invoiced_amount, each.currency),
                "residual": money(each.residual_amount, each.currency),
                "cause": each.cause,
                "evidence": each.evidence,
            }
        )
    return rows


def _percent(part: Decimal, whole: Decimal) -> str | None:
    return f"{part / whole * 100:.2f} %" if whole else None


def _caveats(found: Reconciliation, periods: int) -> list[str]:
    caveats = [] if periods else ["Nothing was rated and no usage was invoiced then."]
    if found.unexamined:
        caveats.append(
            f"{found.unexamined:,} smaller residuals were not examined: only the {EXAMINED} largest of each currency are rated "
            "again; the others stand under not_invoiced, not_rated or unexplained. Name a month with --at to see them."
        )
    return caveats
