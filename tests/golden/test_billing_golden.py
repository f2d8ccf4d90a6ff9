"""Worked billing cases of other systems, run through both rating paths."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.golden.billing.catalogue import judge

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "golden"


def _cases() -> list[Any]:
    path = Path(os.environ.get("GROWTHRING_GOLDEN_DIR") or BESIDE) / "billing.json"
    if not path.exists():
        reason = pytest.mark.skip(reason=f"no billing.json in {path.parent}")
        return [pytest.param({}, marks=reason, id="none")]
    return [pytest.param(case, id=case["id"]) for case in json.loads(path.read_text())]


@pytest.mark.parametrize("case", _cases())
def test_a_worked_case_gives_its_printed_figures_on_both_paths(case: Mapping[str, Any]) -> None:
    outcome = judge(case)
    assert outcome.verdict == "passed", outcome.why
