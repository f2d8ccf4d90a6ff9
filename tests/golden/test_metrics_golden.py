"""Worked cases of other systems, run through the product."""

import os
from pathlib import Path

import pytest

from growthring.revenue.metrics import METRICS
from tests.golden.cases import read_cases
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


def say(request: pytest.FixtureRequest, text: str) -> None:
    """Write to the terminal whatever the capture mode; a worker of a parallel run has none and prints into its report."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    print(text)
    if reporter is not None:
        reporter.ensure_newline()
        reporter.write_line(text)


def test_every_worked_case_on_revenue_movements_and_retention_passes_and_the_rest_are_named(
    request: pytest.FixtureRequest,
) -> None:
    folder = Path(os.environ.get("GROWTHRING_GOLDEN_DIR") or BESIDE)
    if not (folder / "metrics.json").exists():
        pytest.skip(f"no metrics.json in {folder}")
    outcomes = run(folder)
    say(request, report(outcomes))
    assert outcomes
    assert all(each.why for each in outcomes if each.verdict == "not covered")
    assert [each for each in outcomes if each.verdict == "failed"] == [], report(outcomes)


def test_every_variant_of_our_own_is_run_and_passes(request: pytest.FixtureRequest) -> None:
    outcomes = run(OWN)
    assert [each for each in outcomes if each.verdict != "passed"] == [], report(outcomes)


def test_every_printed_name_leads_to_a_metric_of_the_product() -> None:
    assert set(metric_names()) <= METRICS.keys()
