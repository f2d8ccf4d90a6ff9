"""Worked cases of other systems, run through the product."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from growthring.revenue.metrics import METRICS
from tests.golden.cases import Case, read_cases, resolved
from tests.golden.catalogue import Outcome, judge
from tests.golden.figures import metric_names

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "golden"
OWN = Path(__file__).parent / "variants"


def run(folder: Path) -> list[Outcome]:
    return [judge(case) for case in read_cases(folder, BESIDE if (BESIDE / "metrics.json").exists() else None)]


def report(outcomes: list[Outcome]) -> str:
    lines = [f"{sum(each.verdict == kind for each in outcomes)} {kind}" for kind in ("passed", "failed", "not covered")]
    details = [f"  {each.verdict}: {each.case_id}: {each.why}" for each in outcomes if each.verdict != "passed"]
    return "\n".join([f"worked cases: {', '.join(lines)}", *details])


def test_every_worked_case_on_revenue_movements_and_retention_passes_and_the_rest_are_named(
    request: pytest.FixtureRequest,
) -> None:
    folder = Path(os.environ.get("GROWTHRING_GOLDEN_DIR") or BESIDE)
    if not (folder / "metrics.json").exists():
        pytest.skip(f"no metrics.json in {folder}")
    outcomes = run(folder)
    request.node.user_properties.append(("closing lines", report(outcomes)))
    assert outcomes
    assert all(each.why for each in outcomes if each.verdict == "not covered")
    assert [each for each in outcomes if each.verdict == "failed"] == [], report(outcomes)


def test_every_variant_of_our_own_is_run_and_passes() -> None:
    outcomes = run(OWN)
    assert [each for each in outcomes if each.verdict != "passed"] == [], report(outcomes)


def test_every_printed_name_leads_to_a_metric_of_the_product() -> None:
    assert set(metric_names()) <= METRICS.keys()


def test_a_case_whose_figure_is_wrong_fails_and_says_where() -> None:
    case = next(case for case in read_cases(OWN) if case.id == "own-coupon-01")
    outcome = judge(replace(case, expected={"mrr": 61}))
    assert (outcome.verdict, outcome.why) == ("failed", "a list price and a coupon: mrr: 61 expected, 60.0000 found")


def test_a_case_on_revenue_without_an_adapter_fails() -> None:
    outcome = judge(Case("unknown-01", "documented", {"colour": 3}, {"rule": "MRR by colour"}, {"mrr": 3}))
    assert (outcome.verdict, outcome.why) == ("failed", "no adapter for inputs ['colour']")


def test_a_case_whose_inputs_are_elsewhere_is_named_with_the_place() -> None:
    raw = {"id": "far-02", "kind": "test_suite", "inputs": {"panel": "same panel as far-01"}, "expected": {"nrr": 1.0}}
    assert judge(resolved(raw, {})).why == "its inputs are in case far-01, which is not in this file"
