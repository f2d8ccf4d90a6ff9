"""Worked billing cases of other systems, run through both rating paths."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.golden.billing.catalogue import judge

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "golden"
OWN = Path(__file__).parent / "billing" / "variants.json"


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


@pytest.mark.parametrize("case", json.loads(OWN.read_text()), ids=lambda case: case["id"])
def test_a_variant_of_our_own_gives_its_printed_figures_on_both_paths(case: Mapping[str, Any]) -> None:
    outcome = judge(case)
    assert outcome.verdict == "passed", outcome.why


def test_a_case_whose_figure_is_wrong_fails_on_both_paths_and_says_where() -> None:
    case = {"id": "lago-x", "model": "per_unit", "price": {"unit": "2"}, "usage": "3", "expected": {"amount": "7"}}
    assert judge(case).why == "per_unit: reference: amount: 7 expected, 6.00 (6) found; sql: amount: 7 expected, 6.0000 (6) found"


def test_a_case_with_a_word_that_is_not_understood_fails_and_names_it() -> None:
    case = {"id": "x-1", "model": "per_unit_lunar", "price": {"unit": "2"}, "usage": "3", "expected": {"amount": "6"}}
    assert "words no adapter knows: lunar" in judge(case).why


def test_a_case_that_prints_a_figure_nobody_computes_fails() -> None:
    case = {"id": "x-1", "model": "per_unit", "price": {"unit": "2"}, "usage": "3", "expected": {"karma": "6"}}
    assert "karma: no figure" in judge(case).why
