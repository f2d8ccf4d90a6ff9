"""The reference pages say what the code says, and nothing a user can see goes without a description."""

import importlib.util
import json
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest
from jsonschema import Draft202012Validator, ValidationError

from growthring.tables import CANONICAL, DERIVED

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "docs" / "reference" / "schemas"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The generator of the pages; docs is no package."""
    spec = importlib.util.spec_from_file_location("growthring_docs", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_generated_pages_are_up_to_date(generate: ModuleType) -> None:
    written = {
        str(path.relative_to(generate.REFERENCE)): path.read_text()
        for path in generate.REFERENCE.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    made = generate.pages()
    stale = sorted(path for path in made.keys() | written.keys() if made.get(path) != written.get(path))
    assert stale == [], "out of date: run `make docs` and commit the result"


def test_everything_a_user_can_see_has_a_description(generate: ModuleType) -> None:
    assert generate.undescribed() == []


def test_a_missing_description_is_found(generate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "DESCRIPTIONS", (*generate.DESCRIPTIONS, lambda: iter([("option --mute", " ")])))
    assert generate.undescribed() == ["option --mute"]


def test_writing_the_pages_twice_changes_nothing_and_removes_what_no_longer_exists(generate: ModuleType, tmp_path: Path) -> None:
    assert generate.write(tmp_path)
    assert generate.write(tmp_path) == []
    (tmp_path / "gone.md").write_text("a page of a table that was removed")
    assert generate.write(tmp_path) == [tmp_path / "gone.md"]
    assert not (tmp_path / "gone.md").exists()


@pytest.mark.parametrize("name", sorted(CANONICAL | DERIVED))
def test_the_published_schema_of_a_table_is_a_valid_json_schema_of_its_columns(name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    assert tuple(schema["properties"]) == (CANONICAL | DERIVED)[name].column_names


def _as_json(toml: str) -> object:
    """A TOML file as an editor checks it: days are text."""
    return json.loads(json.dumps(tomllib.loads(toml), default=str))


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/growthring.toml")), ids=lambda path: path.parent.name)
def test_the_schema_of_the_settings_takes_every_example(path: Path) -> None:
    schema = json.loads((SCHEMAS / "growthring.toml.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(_as_json(path.read_text()))
    with pytest.raises(ValidationError, match="'curency' was unexpected"):
        Draft202012Validator(schema).validate({"project": {"name": "Shop", "curency": "GBP"}})


def test_the_schema_of_a_policy_takes_every_shipped_policy() -> None:
    schema = json.loads((SCHEMAS / "policy.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    shipped = [each for each in (files("growthring.revenue") / "presets").iterdir() if each.name.endswith(".toml")]
    assert len(shipped) > 10
    for each in shipped:
        Draft202012Validator(schema).validate(_as_json(each.read_text()))
    with pytest.raises(ValidationError, match="'yearly' is not one of"):
        Draft202012Validator(schema).validate({"name": "own", "ndr": "yearly"})


def test_the_schema_takes_a_rate_as_text_and_refuses_it_as_a_float() -> None:
    validator = Draft202012Validator(json.loads((SCHEMAS / "fx_rate.schema.json").read_text()))
    row = {
        "base_currency": "EUR",
        "quote_currency": "USD",
        "rate_on": "2011-11-30",
        "rate": "1.34180000",
        "known_at": "2011-11-30T16:00:00Z",
        "source_file": "rates.csv",
        "source_row": 1,
    }
    validator.validate(row)
    for spoiled in ({"rate": 1.3418}, {"rate": "1.341800001"}, {"rate_on": None}, {"unknown": 1}):
        with pytest.raises(ValidationError):
            validator.validate(row | spoiled)
