"""The record of burn-down: what earlier days expected of commitments that have ended since."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from growthring.forecast.commitments.billing import PoolPaths, settle
from growthring.forecast.commitments.burn_down import Interval, came_of
from growthring.forecast.commitments.charges import ChargePaths, known_charge
from growthring.forecast.commitments.record import Outcome, Record, score
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.forecasting.commitment_forecast import followed
from growthring.operations.forecasting.commitment_paths import open_futures
from growthring.operations.pricing.commitments import define_drawable
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from growthring.pricing.commitments import Charge, compute_commitments

_APART = 3
_DEFINITION = (
    "What burn-down expected at earlier days, from what was known then, of commitments that have ended since. The interval is "
    "to hold eight of ten. Errors are shares of what was committed; pace error is that of the last three months carried on."
)


def burn_down_record(project: Project, origins: int, *, progress: Progress = silent) -> Answer:
    """Answer how well burn-down held at earlier days, three months apart (PR-06).

    Args:
        project: The project.
        origins: Number of earlier days.
        progress: Told about what has to be computed first.
    """
    ended, on = _ended(project, progress)
    every: list[Outcome] = []
    rows: list[dict[str, Any]] = []
    for number in range(origins, 0, -1):
        last_day = (Month.of(on) - (_APART * number + 1)).last_day
        found = list(_expected(project, last_day, ended, progress))
        every += found
        if record := score(found):
            rows.append({"as_of": last_day.isoformat()} | _row(record))
    total = score(every)
    if total:
        rows.append({"as_of": "all"} | _row(total))
    caveats = [] if total else ["No commitment in force at those days has ended since: nothing can be scored."]
    if total and total.error > total.pace_error:
        caveats.append("The middle future was no better than the pace carried on: rely on the interval, not on the middle.")
    return Answer(
        metric="burn_down_record",
        value=total.inside if total else None,
        unit="ratio",
        at=on.isoformat(),
        definition=_DEFINITION,
        policy={"name": "commitments", "version": "rating"},
        snapshot=project.snapshot().snapshot_id,
        rows=rows,
        caveats=caveats,
    )


def _ended(project: Project, progress: Progress) -> tuple[dict[str, tuple[float, date | None]], date]:
    """Return what came of every commitment that has ended, and the day of the look."""
    rating = rate(project, progress=progress)
    define_drawable(rating.connection)
    on = rating.terms.through + timedelta(days=1)
    computed = compute_commitments(rating.connection, on)
    held = defaultdict(list)
    for each in computed.commitments:
        held[computed.pools.get(each.account_id, each.account_id)].append(each)
    charges: dict[str, list[ChargePaths]] = defaultdict(list)
    names = ", ".join(each.name for each in fields(Charge))
    for row in rating.connection.execute(f"SELECT {names} FROM drawable WHERE period_end <= ?", [on]).fetchall():
        charge = Charge(*row)
        charges[computed.pools.get(charge.account_id, charge.account_id)].append(known_charge(charge))
    found: dict[str, tuple[float, date | None]] = {}
    for pool, commitments in held.items():
        found |= came_of(settle(PoolPaths(charges[pool], commitments, computed.pools, {}), on), on)
    return found, on


def _expected(
    project: Project, last_day: date, ended: dict[str, tuple[float, date | None]], progress: Progress
) -> Iterator[Outcome]:
    """Yield what a day expected of commitments that have ended since."""
    as_of = datetime.combine(last_day, time(23, 59, 59))
    for commitment, so_far, ahead in followed(open_futures(project, as_of=as_of, progress=progress), None):
        size = float(so_far.committed)
        came = ended.get(commitment.commitment_id)
        if came is None or not size or ahead.reached is None:
            continue
        by_pace = float(so_far.committed - so_far.shortfall + so_far.expected_overage) / size
        expected = Interval(*(getattr(ahead.consumed, each.name) / size for each in fields(Interval)))
        yield Outcome(commitment.commitment_id, expected, by_pace, ahead.reached, ahead.exhausted_on, came[0] / size, came[1])


def _row(record: Record) -> dict[str, Any]:
    found = {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(record).items()}
    return found | {"days": None if record.days is None else round(record.days)}
