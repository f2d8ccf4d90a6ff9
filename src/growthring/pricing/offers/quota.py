"""The discount quota: of so many consecutive deals of a manager, at most so many with a discount (PR-16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any


@dataclass(frozen=True, slots=True)
class QuotaRun:
    """One run of consecutive deals of a manager.

    Attributes:
        manager: Who answers for the discounts.
        run_no: Position of the run, from 1.
        first_on: Day of its first deal.
        last_on: Day of its last deal so far.
        deals: Deals in it.
        discounted: Of these, with a discount.
        beyond: Discounts beyond the quota.
        left: Discounts that the open run still allows; 0 when it is used up; empty for a complete run.
    """

    manager: str
    run_no: int
    first_on: date
    last_on: date
    deals: int
    discounted: int
    beyond: int
    left: int | None


def quota_runs(deals: Sequence[Mapping[str, Any]], allowed: int, run_deals: int = 10) -> list[QuotaRun]:
    """Count the discounts of each run.

    Args:
        deals: Rows of ``quota_deal``.
        allowed: Discounted deals that a run may have.
        run_deals: Deals of a complete run.
    """
    ordered = sorted(deals, key=lambda each: (each["manager"], each["place"]))
    runs = []
    for (manager, run_no), members in groupby(ordered, key=lambda each: (each["manager"], each["run_no"])):
        of_run = list(members)
        discounted = sum(each["is_discounted"] for each in of_run)
        left = None if len(of_run) == run_deals else max(0, allowed - discounted)
        first, last = of_run[0]["decided_on"], of_run[-1]["decided_on"]
        runs.append(QuotaRun(manager, run_no, first, last, len(of_run), discounted, max(0, discounted - allowed), left))
    return runs
