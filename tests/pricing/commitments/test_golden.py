"""Worked cases of other billing systems give their printed figures, by the references and by the relations."""

import json
import os
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from tests.pricing.commitments.golden import FORMS

_FOLDER = Path(os.environ.get("GROWTHRING_GOLDEN_DIR", SHARED / "golden"))


def _cases() -> list[Any]:
    file = _FOLDER / "billing.json"
    listed = json.loads(file.read_text()) if file.exists() else []
    return [pytest.param(case, id=case["id"]) for case in listed if case["model"] in FORMS]


@pytest.mark.parametrize("case", _cases())
def test_a_worked_case_gives_its_printed_figures_both_ways(case: dict[str, Any]) -> None:
    for way, figures in FORMS[case["model"]](case).items():
        for name, printed in case["expected"].items():
            assert_printed(figures[name], printed, f"{case['id']} {way} {name}")


def assert_printed(found: Any, printed: Any, what: str) -> None:
    if isinstance(printed, dict):
        for key, value in printed.items():
            assert_printed(found[key], value, f"{what} {key}")
    elif isinstance(printed, list):
        assert len(found) == len(printed), what
        for place, value in enumerate(printed):
            assert_printed(found[place], value, f"{what} {place}")
    else:
        expected = Decimal(str(printed))
        places = Decimal(1).scaleb(int(expected.as_tuple().exponent))
        assert Decimal(found).quantize(min(places, Decimal(1)), rounding=ROUND_HALF_UP) == expected, f"{what}: {found}"
