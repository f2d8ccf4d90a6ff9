"""Worked cases from other systems' specifications, on the reference and on the relations."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from tests.pricing.metering.golden import FORMS


def _cases() -> list[Any]:
    path = Path(os.environ.get("GROWTHRING_GOLDEN_DIR", SHARED / "golden")) / "billing.json"
    cases = json.loads(path.read_text()) if path.is_file() else []
    return [pytest.param(case, id=case["id"]) for case in cases if case["model"] in FORMS]


@pytest.mark.parametrize("path", ["reference", "sql"])
@pytest.mark.parametrize("case", _cases())
def test_a_worked_case_comes_out_as_printed(case: dict[str, Any], path: str) -> None:
    figures = FORMS[case["model"]](case)[path]
    assert figures == {name: Decimal(value) for name, value in case["expected"].items()}


MADE_UP = (
    ("meter_min", {"events": [{"value": "3"}, {"value": "2.5"}]}, {"quantity": "2.5"}),
    ("meter_max", {"events": [{"value": "foo"}]}, {"quantity": "0"}),
    ("meter_unique_count", {"events": [{"value": "x"}, {"value": "x"}, {"value": "y"}]}, {"quantity": "2"}),
    ("meter_average", {"events": [{"value": "1"}, {"value": "2"}, {"value": "2"}]}, {"quantity": "1.66667"}),
    ("meter_percentile", {"usage": [*map(str, range(1, 21))], "price": {"percentile": "95"}}, {"quantity": "19"}),
    ("meter_unique", {"events": [{"key": "a"}, {"key": "b"}, {"key": "a", "operation": "remove"}]}, {"quantity": "1"}),
    (
        "meter_weighted_sum",
        {
            "price": {"value_semantics": "level", "initial": "0"},
            "period": {"from": "2023-06-01T00:00:00Z", "to": "2023-07-01T00:00:00Z"},
            "events": [{"timestamp": "2023-06-01T00:00:00Z", "value": "10"}, {"timestamp": "2023-06-16T00:00:00Z", "value": "4"}],
        },
        {"quantity": "7", "closing_level": "4"},
    ),
    (
        "meter_prorated_unique",
        {
            "period": {"from": "2023-06-01", "to": "2023-06-30", "days": "30"},
            "events": [
                {"timestamp": "2023-06-04T10:00:00Z", "key": "a"},
                {"timestamp": "2023-06-06T09:00:00Z", "key": "a", "operation": "remove"},
            ],
        },
        {"quantity": "0.1"},
    ),
    (
        "meter_max",
        {"price": {"bucket": "hour"}, "events": [{"timestamp": f"2023-08-01T0{n // 2}:{n}0:00Z", "value": n} for n in range(4)]},
        {"quantity": "4"},
    ),
)


@pytest.mark.parametrize(("model", "case", "expected"), MADE_UP, ids=[each[0] for each in MADE_UP])
def test_other_cases_of_the_same_kinds_can_be_run(model: str, case: dict[str, Any], expected: dict[str, str]) -> None:
    figures = FORMS[model]({"model": model, **case, "expected": expected})
    wanted = {name: Decimal(value) for name, value in expected.items()}
    assert figures == {"reference": wanted, "sql": wanted}
