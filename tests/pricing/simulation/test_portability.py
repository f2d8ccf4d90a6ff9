"""Relations of simulation keep to the SQL every engine reads the same way."""

from datetime import date
from pathlib import Path

import pytest

from growthring.engine.portable import violations
from growthring.engine.relation import relation
from growthring.pricing.simulation import rerating

VALUES = {"first_on": date(2023, 1, 1), "until_on": date(2024, 1, 1), "default_book": "standard", "attribute": "region"}
NAMES = sorted(path.stem for path in Path(rerating.__file__).parent.glob("*.sql"))


@pytest.mark.parametrize("name", NAMES)
def test_relations_are_portable(name: str):
    assert violations(relation(rerating.PACKAGE, name, VALUES).sql) == []


def test_no_relation_is_left_over():
    source = "".join(path.read_text() for path in Path(rerating.__file__).parent.glob("*.py"))
    assert [name for name in NAMES if f'"{name}"' not in source and f"'{name}'" not in source] == []
