import tomllib

from growthring.company.project import project_settings
from growthring.tables import CANONICAL

from .conftest import rows_of


def test_the_settings_name_every_raw_file_once(company):
    folder, truth = company
    settings = tomllib.loads(project_settings(truth))
    named = [path for source in settings["sources"] for path in folder.glob(source["files"])]
    assert sorted(named) == sorted((folder / "raw").rglob("*.csv"))


def test_every_source_fills_a_canonical_table(company):
    settings = tomllib.loads(project_settings(company[1]))
    assert {source["table"] for source in settings["sources"]} <= set(CANONICAL)
    assert settings["project"] == {
        "name": "Ringwood Software",
        "currency": "USD",
        "fiscal_year_starts": 2,
        "data_through": "2024-12-31",
        "policy": "standard",
    }


def test_attributes_are_columns_of_the_accounts_file(company):
    folder, truth = company
    accounts = next(source for source in tomllib.loads(project_settings(truth))["sources"] if source["table"] == "account")
    assert set(accounts["attributes"].values()) <= set(next(rows_of(folder / "raw/accounts.csv")))
