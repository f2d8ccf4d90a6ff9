"""The bridge between two published forecasts, or a forecast and what came: parts that add up to the digit (FC-28)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.forecast.bridge import MEANING, Bridge, End, actual_end, forecast_end
from growthring.forecast.bridge import bridge as explain
from growthring.kernel.errors import GrowthringError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.forecasting.published import Published, currency_of, find_forecast, find_rerun, short
from growthring.operations.history.known_months import KnownMonths, Moment, known_months, moment_of
from growthring.operations.history.opening import REVENUE
from growthring.operations.project import Project

ACTUAL = "actual"


def bridge(
    project: Project,
    first: str,
    second: str,
    *,
    window: str | None = None,
    as_of: datetime | None = None,
    top: int = 10,
    progress: Progress = silent,
) -> Answer:
    """Answer why two forecasts differ, or why what came differs from a forecast.

    Args:
        project: The project.
        first: A published forecast, or `actual`.
        second: Another one, or `actual`.
        window: ``2025-01``, ``2025-Q1`` or ``FY2025``; the months that both speak of and one forecasts when absent.
        as_of: See only what was known then of what came.
        top: Accounts listed for each part, the rest in one row; 0 lists all.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: Both ends are what came, they measure different things, or they do not both speak of the window.
    """
    published = [find_forecast(project, name) for name in (first, second) if name != ACTUAL]
    if not published:
        raise GrowthringError("Neither end is a forecast.", valid=f"A bridge leads from a forecast to another, or to `{ACTUAL}`.")
    months = project.calendar.parse(window) if window else None
    past = _Past(
        project,
        since=min([each.facts.origin for each in published] + ([months[0].index - 1] if months else [])),
        by_series=all(each.stored.by_series for each in published),
        progress=progress,
    )
    known = [past.of(each) for each in published]
    ends = [past.end(*each) for each in zip(published, known, strict=True)]
    rerun = find_rerun(project, published) if len(published) == 2 else None
    if len(published) == 1:
        known.append(past.now(published[0], as_of))
        ends.append(_actual(ends[0], known[1]))
        ends = ends[::-1] if first == ACTUAL else ends
    found = explain(ends[0], ends[1], months, rerun=past.end(rerun, known[0]) if rerun else None)
    return _answer(project, published, found, known, rerun, top)


@dataclass(frozen=True)
class _Past:
    """Reads the months that were known to ends of one bridge, all in the same grain."""

    project: Project
    since: int
    by_series: bool
    progress: Progress

    def of(self, published: Published) -> KnownMonths:
        """Read the months a forecast was made from."""
        facts = published.facts
        return self._read(published, moment_of(self.project, facts.snapshot_id, facts.as_of, published.record.recorded_at))

    def now(self, published: Published, as_of: datetime | None) -> KnownMonths:
        """Read the months as they came, under a forecast's measure and policy."""
        return self._read(published, Moment(self.project.snapshot().snapshot_id, as_of, as_of))

    def end(self, published: Published, known: KnownMonths) -> End:
        """Return a forecast as an end."""
        return forecast_end(published.stored, known.rows, known.tags, by_series=self.by_series)

    def _read(self, published: Published, moment: Moment) -> KnownMonths:
        facts = published.facts
        return known_months(
            self.project,
            facts.measure,
            facts.policy,
            moment,
            self.since,
            by_product=self.by_series,
            progress=self.progress,
        )


def _actual(of: End, known: KnownMonths) -> End:
    return actual_end(of, known.rows, as_of=known.data_through, last_month=known.last_complete_month, tags=known.tags)


def _answer(
    project: Project, published: list[Published], found: Bridge, known: list[KnownMonths], rerun: Published | None, top: int
) -> Answer:
    facts = published[0].facts
    return Answer(
        metric="bridge",
        value=str(found.difference),
        unit=_unit(facts.unit),
        at=_period(found),
        definition=(
            f"{found.second} less {found.first}: {found.start} becomes {found.end}, all months of the window added up. Parts "
            f"take their shares in this order: {', '.join(MEANING)}. The residual is {found.residual}."
        ),
        policy={"name": facts.policy, "version": facts.policy_version},
        snapshot=project.snapshot().snapshot_id if project.shelf.current() else facts.snapshot_id,
        rows=[*_parts(found), *_months(found), *_accounts(found, top)],
        caveats=_caveats(found, published, known, rerun),
    )


def _parts(found: Bridge) -> list[dict[str, Any]]:
    start = {"kind": "part", "part": str(found.first), "amount": str(found.start), "accounts": None, "meaning": ""}
    parts = [
        {"kind": "part", "part": part, "amount": str(share), "accounts": len(found.by_account[part]), "meaning": MEANING[part]}
        for part, share in found.parts.items()
    ]
    end = {"kind": "part", "part": str(found.second), "amount": str(found.end), "accounts": None, "meaning": ""}
    return [start, *parts, end]


def _months(found: Bridge) -> list[dict[str, Any]]:
    return [
        {"kind": "month", "month": str(month), "part": part, "amount": str(share)}
        for part, shares in found.by_month.items()
        for month, share in shares.items()
        if share
    ]


def _accounts(found: Bridge, top: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for part, shares in found.by_account.items():
        listed = list(shares.items())[: top or None]
        rows += [{"kind": "account", "part": part, "account": account, "amount": str(share)} for account, share in listed]
        others = list(shares.items())[len(listed) :]
        if others:
            rest = sum((share for _, share in others), Decimal(0))
            rows.append({"kind": "account", "part": part, "account": f"({len(others):,} others)", "amount": str(rest)})
    return rows


def _caveats(found: Bridge, published: list[Published], known: list[KnownMonths], rerun: Published | None) -> list[str]:
    parts = found.parts
    told = []
    if found.unsplit and published[0].facts.measure == REVENUE:
        told.append(
            f"Without comparable quantities, price cannot be told from volume: changes worth {found.unsplit} are in volume whole."
        )
    if found.mixed:
        told.append(f"Accounts billed in several currencies: {len(found.mixed)}; their exchange rates are in volume.")
    if "model_or_volume" in parts:
        told.append(
            f"Change of model and change of use cannot be told apart: make a forecast with the model of {found.second} and "
            f"--as-of {found.first.as_of}, and ask again."
        )
    if rerun:
        told.append(
            f"Change of model is read from forecast {short(rerun.record.forecast_id)}: the other model on the first data."
        )
    if "churned" in parts:
        told.append("A forecast expects some churn of every account; what was expected of accounts that stayed is in volume.")
    if not found.beside or len(found.beside) < 2:
        told.append(
            "Timing could not be looked for on both sides of the window: the ends do not both speak of the months beside it."
        )
    told += [
        f"Policy {each.facts.policy} has changed since forecast {short(each.record.forecast_id)} was published; known months are "
        "read under today's."
        for each, then in zip(published, known, strict=False)
        if each.facts.policy_version != then.policy_version
    ]
    if len({each.facts.policy for each in published}) > 1:
        told.append("The forecasts follow different policies; what that changes in months known is in restatement.")
    return told


def _period(found: Bridge) -> str:
    first, last = found.window
    return str(first) if first == last else f"{first} to {last}"


def _unit(unit: str) -> str:
    """Return the unit of months added up: money a month becomes money."""
    return currency_of(unit) or unit
