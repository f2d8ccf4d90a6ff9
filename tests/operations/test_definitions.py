"""Definitions: metrics and policies in words and SQL, and the glossary."""

from pathlib import Path

import pytest

from growthring.engine.dialects import DIALECTS
from growthring.operations.definitions import glossary, metric_definition, policy_definition
from growthring.operations.opened_books import OpenedBooks
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from growthring.revenue.metrics import METRICS
from growthring.revenue.policy import preset_names

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def company(ringwood_once: Path) -> Project:
    return Project.open(ringwood_once).with_books(OpenedBooks())


@pytest.mark.parametrize("name", ["ndr", "churned_mrr", "hhi", "movements"])
def test_the_sql_of_a_definition_is_the_sql_that_computes_the_figure(company: Project, name: str):
    assert metric_definition(company, name).sql == show(company, name, View()).sql


@pytest.mark.parametrize("policy", preset_names())
def test_a_metric_is_defined_under_every_policy_without_computing_it(company: Project, policy: str):
    answer = metric_definition(company, "net_new_mrr", policy=policy)
    assert answer.policy["name"] == policy and "WITH" in answer.sql and METRICS["net_new_mrr"].formula in answer.definition


def test_the_words_of_a_rate_change_with_the_policy(company: Project):
    said = {row["policy"]: row["meaning"] for row in metric_definition(company, "ndr").rows}
    assert set(said) == set(company.policy_names()) and said["standard"] != said["figma"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_definition_is_written_in_every_dialect(company: Project, dialect: str):
    assert "entity_month" in metric_definition(company, "mrr", dialect=dialect).sql


def test_a_policy_says_where_it_differs_from_the_own_one(company: Project):
    figma = policy_definition(company, "figma")
    assert {row["switch"] for row in figma.rows if row["differs"]} == {"ndr", "base_threshold", "threshold_arr"}
    assert figma.value == 3 and figma.caveats[0].startswith("Customers that left")
    assert policy_definition(company, "standard").value == 0
    assert all(row["decides"] for row in figma.rows)


def test_the_glossary_has_every_term_of_the_documentation():
    page = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| term ", "| --- "))]
    assert len(glossary()) == len(rows)
    terms = {each.term: each for each in glossary()}
    assert terms["NDR"].about == "Retention" and terms["churn"].chinese == "流失" and "|F − A|" in terms["WAPE"].meaning


def test_metrics_are_called_by_their_names_and_letters():
    assert METRICS["ndr"].called() == "Net dollar retention (NDR)" and METRICS["ndr"].called("zh") == "净收入留存率 (NDR)"
    assert METRICS["customers"].called() == "Customers"
