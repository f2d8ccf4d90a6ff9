"""The waterfall of a project opens with its revenue, adds up, and takes assumptions from files and options."""

from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.operations.plans.waterfall import Changes, cohort_waterfall
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show

MOVES = ("new", "reactivation", "expansion", "contraction", "churn")


def version(answer) -> str:
    return next(caveat for caveat in answer.caveats if caveat.startswith("Version"))


def test_it_opens_with_recurring_revenue_and_adds_up_to_its_total(ringwood: Project):
    answer = cohort_waterfall(ringwood, quarters=3)
    steps = [row for row in answer.rows if row["kind"] == "step"]
    totals = [row for row in steps if row["cohort"] == "total"]
    assert Decimal(totals[0]["opening"]).quantize(Decimal("0.01")) == Decimal(show(ringwood, "mrr", View()).value)
    for row in steps:
        assert Decimal(row["opening"]) + sum(Decimal(row[name]) for name in MOVES) == Decimal(row["closing"])
    for total in totals:
        mine = [row for row in steps if row["quarter"] == total["quarter"] and row is not total]
        assert sum(Decimal(row["revenue"]) for row in mine) == Decimal(total["revenue"])
    assert Decimal(answer.value) == sum(Decimal(row["revenue"]) for row in totals).quantize(Decimal("0.01"))


def test_a_written_file_is_the_same_version_and_a_change_another(ringwood: Project, tmp_path: Path):
    path = tmp_path / "plan.toml"
    first = cohort_waterfall(ringwood, changes=Changes(write=path))
    again = cohort_waterfall(ringwood, changes=Changes(file=path))
    assert version(first) == version(again) and first.value == again.value
    changed = cohort_waterfall(ringwood, changes=Changes(file=path, settings=("new.customers=0", "rates.25+.churn=0.5")))
    assert version(changed) != version(first)
    assert all(Decimal(row["new"]) == 0 for row in changed.rows if row["kind"] == "step")
    shown = next(row for row in changed.rows if row.get("assumption") == "rates.25+.churn")
    assert shown["assumed"] == "0.500000" and shown["estimated"] != shown["assumed"]
    with pytest.raises(GrowthringError, match="there already"):
        cohort_waterfall(ringwood, changes=Changes(write=path))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("new.customers=many", "no number"),
        ("rates.1-3.churn=2", "0 to 1"),
        ("new.customers", "NAME=VALUE"),
        ("new.first_amount=-1", "zero or more"),
    ],
)
def test_assumptions_that_make_no_sense_are_refused(ringwood: Project, setting: str, told: str):
    with pytest.raises(ConfigurationError, match=told):
        cohort_waterfall(ringwood, changes=Changes(settings=(setting,)))


def test_an_assumption_nobody_knows_is_refused_with_those_there_are(ringwood: Project):
    with pytest.raises(UnknownValueError, match=r"rates\.1-3\.churn"):
        cohort_waterfall(ringwood, changes=Changes(settings=("rates.1-3.magic=1",)))
