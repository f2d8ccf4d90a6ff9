"""Customers behind a figure, and the rows behind a customer."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.engine.catalog import open_tables
from growthring.engine.duckdb_session import connect
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import PeriodKind
from growthring.operations.answer import Answer
from growthring.operations.opened_books import OpenedBooks
from growthring.operations.project import Project
from growthring.operations.revenue.askable import askable, prepare
from growthring.operations.revenue.compare import policy_bridge
from growthring.operations.revenue.customer_rows import customer_documents, customer_movements
from growthring.operations.revenue.customers import Cut, Part, customers
from growthring.operations.revenue.drivers import drivers
from growthring.operations.revenue.groups import groups
from growthring.operations.revenue.show import View, show
from growthring.operations.revenue.what_changed import what_changed
from growthring.revenue.inputs import load_inputs
from growthring.tables import MOVEMENTS

_CENT = Decimal("0.01")
_ALL = Cut()


@pytest.fixture(scope="module")
def company(ringwood_once: Path) -> Project:
    return Project.open(ringwood_once).with_books(OpenedBooks())


@pytest.fixture(scope="module")
def year(company: Project) -> View:
    return View(at=askable(company).years[0], period=PeriodKind.FISCAL_YEAR)


def behind(company: Project, view: View, part: Part, cut: Cut = _ALL, metric: str = "mrr", policy: str | None = None) -> Answer:
    return customers(company, metric, view, part, cut, policy=policy)


@pytest.mark.parametrize("policy", ["standard", "stripe"])
def test_the_customers_of_every_movement_add_up_to_its_bar(company: Project, year: View, policy: str):
    bars = show(company, "movements", year, policy=policy).rows[-1]
    for movement in MOVEMENTS:
        answer = behind(company, year, Part(movement=movement), policy=policy)
        total, *rows = answer.rows
        assert abs(Decimal(total["amount"]) - Decimal(bars[movement])) <= _CENT
        assert abs(sum((Decimal(row["amount"]) for row in rows), Decimal(0)) - Decimal(total["amount"])) <= _CENT * (
            len(rows) + 1
        )
        assert len(rows) == answer.value == total["customers"]


def test_drivers_add_up_to_the_bars_and_lead_to_as_many_customers_as_they_say(company: Project, year: View):
    answer = drivers(company, year)
    bars = show(company, "movements", year).rows[-1]
    assert abs(Decimal(answer.value) - (Decimal(bars["end"]) - Decimal(bars["start"]))) <= _CENT
    row = next(row for row in answer.rows if row["driver"] == "seats" and not row["reason"])
    assert behind(company, year, Part(movement=row["movement"], driver="seats")).value >= row["customers"]


@pytest.mark.parametrize("by", ["segment", "product"])
def test_the_customers_of_a_group_give_the_retention_of_the_group(company: Project, by: str):
    at = View(at=askable(company).months[0])
    for row in show(company, "ndr", View(at=at.at, by=by)).rows:
        total = behind(company, at, Part(by=by, group=row[by]), metric="ndr").rows[0]
        assert row["value"] == pytest.approx(float(total["after"]) / float(total["before"]), rel=1e-4)
        assert total["customers"] == row["customers"]


def test_the_customers_of_all_groups_are_all_customers_and_so_are_those_of_all_vintages(company: Project):
    at = View(at=askable(company).months[0])
    everyone = behind(company, at, Part()).value
    groups = [row["segment"] for row in show(company, "mrr", View(at=at.at, by="segment")).rows]
    vintages = {row["vintage"] for row in show(company, "cohort_logo", at).rows}
    assert sum(behind(company, at, Part(by="segment", group=each)).value for each in groups) == everyone
    assert sum(behind(company, at, Part(vintage=each)).value for each in vintages) == everyone


@pytest.mark.parametrize("measure", ["cohort_ndr", "cohort_logo", "cohort_revenue"])
@pytest.mark.parametrize("policy", ["standard", "stripe"])
def test_the_customers_of_a_cell_of_a_cohort_give_its_value(company: Project, measure: str, policy: str):
    quarters = list(reversed(askable(company).quarters))
    cells = show(company, measure, View(at=quarters[-1], period=PeriodKind.QUARTER), policy=policy).rows
    for cell in (cells[0], cells[1], cells[-1], next(each for each in cells if each["customers"] < each["size"])):
        at = View(at=quarters[quarters.index(cell["vintage"]) + cell["age"]], period=PeriodKind.QUARTER)
        total = behind(company, at, Part(vintage=cell["vintage"]), metric=measure, policy=policy).rows[0]
        value = Decimal(total["after"]) if measure == "cohort_revenue" else Decimal(total["after"]) / Decimal(total["before"])
        assert float(value) == pytest.approx(float(cell["value"]), rel=1e-4)
        assert total["customers"] == cell["size"]


def test_pages_put_together_are_the_whole_list_in_its_order(company: Project, year: View):
    part, order = Part(movement="expansion"), "-before"
    whole = behind(company, year, part, Cut(order)).rows[1:]
    cut = [behind(company, year, part, Cut(order, offset=start, limit=4)).rows[1:] for start in range(0, len(whole), 4)]
    assert [row for page in cut for row in page] == whole
    assert [Decimal(row["before"]) for row in whole] == sorted((Decimal(row["before"]) for row in whole), reverse=True)


def test_a_text_leaves_the_customers_that_hold_it_whatever_its_case(company: Project, year: View):
    whole = behind(company, year, Part(movement="expansion")).rows[1:]
    wanted = whole[0]["name"].split()[0]
    found = behind(company, year, Part(movement="expansion"), Cut(find=wanted.upper())).rows[1:]
    assert [row["name"] for row in found] == [row["name"] for row in whole if wanted.lower() in row["name"].lower()]


@pytest.mark.parametrize("text", ["x' OR '1'='1", "{of}", "%", '"; DROP TABLE account; --', "\0"])
def test_hostile_text_finds_nobody_and_does_nothing(company: Project, year: View, text: str):
    assert behind(company, year, Part(movement="churn"), Cut(find=text)).value == 0
    assert behind(company, year, Part(by="segment", group=text)).value == 0
    assert customer_movements(company, text, year).rows == []
    assert customer_documents(company, text, "invoice_line", year, Cut()).value == 0


def test_what_does_not_exist_is_refused_with_what_does(company: Project, year: View):
    for part, cut in (
        (Part(movement="sale"), Cut()),
        (Part(by="planet"), Cut()),
        (Part(movement="churn"), Cut("name; DROP TABLE account")),
    ):
        with pytest.raises(UnknownValueError):
            behind(company, year, part, cut)
    with pytest.raises(UnknownValueError, match="invoice_line"):
        customer_documents(company, "A0000001", "account", year, Cut())


def test_the_sql_of_each_answer_gives_its_figures_from_the_canonical_tables_alone(company: Project, year: View):
    connection, snapshot = connect(), company.snapshot()
    open_tables(connection, company.store, snapshot)
    load_inputs(connection, company.policy(), company.setting(snapshot))
    customer = behind(company, year, Part(movement="contraction"), Cut(limit=1)).rows[1]["entity"]
    moved, why = customer_movements(company, customer, year), drivers(company, year)
    changed, documents = what_changed(company), customer_documents(company, customer, "invoice_line", year, Cut())
    for answer, column in ((moved, 6), (why, 4), (changed, 5)):
        total = sum((row[column] for row in connection.execute(answer.sql).fetchall()), Decimal(0))
        assert abs(total - Decimal(str(answer.value))) <= _CENT
    assert len(connection.execute(documents.sql).fetchall()) == documents.value


def test_the_ledger_entries_of_a_customer_say_how_before_became_after(company: Project, year: View):
    for row in behind(company, year, Part(movement="contraction"), Cut(limit=5)).rows[1:]:
        found = customer_movements(company, row["entity"], year)
        assert abs(Decimal(found.value) - (Decimal(row["after"]) - Decimal(row["before"]))) <= _CENT * 2
        assert any(entry["movement"] == "contraction" for entry in found.rows)


def test_a_document_is_the_row_of_the_file_that_it_names(company: Project, year: View):
    customer = behind(company, year, Part(movement="expansion"), Cut(limit=1)).rows[1]["entity"]
    found = customer_documents(company, customer, "invoice_line", year, Cut(limit=3))
    assert found.value > 3 and {row["counts"] for row in found.rows} <= {"yes", "no"}
    for row in found.rows:
        with (company.root / row["source_file"]).open(newline="") as stream:
            raw = list(csv.DictReader(stream))[row["source_row"] - 1]
        assert raw["invoice_line_id"] == row["key"]
    counted = customer_documents(company, customer, "invoice_line", year, Cut("counts", "yes"))
    assert 0 < counted.value < found.value + 1


def test_steps_and_customers_of_a_policy_bridge_both_sum_to_the_gap(company: Project):
    at = View(at=askable(company).months[0])
    answer = policy_bridge(company, "ndr", "standard", "figma", at, top=3)
    first, *steps, second = [row for row in answer.rows if row["kind"] == "step"]
    assert sum(row["amount"] for row in steps) == pytest.approx(second["amount"] - first["amount"])
    assert sum(row["effect"] for row in answer.rows if row["kind"] == "customer") == pytest.approx(answer.value)
    assert first["amount"] == show(company, "ndr", at).value


def test_only_periods_that_are_over_can_be_chosen_the_latest_first(company: Project):
    can = askable(company)
    assert len(can.months) == 18 and list(can.months) == sorted(can.months, reverse=True)
    assert all(show(company, "mrr", View(at=each)).at == each for each in (*can.quarters, *can.years))
    assert can.currencies[0] == "USD" and {"segment", "product"} <= set(can.attributes)


def test_a_ledger_that_was_prepared_says_how_many_months_it_has(company: Project):
    assert prepare(company, "mrr").value >= 18


def test_metrics_of_groups_together_are_those_of_each_alone(company: Project):
    view = View(at=askable(company).months[0], by="product")
    rows = groups(company, ("mrr", "ndr"), view).rows
    for name in ("mrr", "ndr"):
        assert {row["group"]: row[name] for row in rows if name in row} == {
            row["product"]: row["value"] for row in show(company, name, view).rows
        }


def test_movements_since_an_earlier_month_are_those_of_all_months_since(company: Project):
    months = askable(company).months[:4]
    since = behind(company, View(at=months[0]), Part(movement="contraction", since=months[3])).rows[0]
    monthly = [behind(company, View(at=each), Part(movement="contraction")).rows[0] for each in months[:3]]
    assert since["since"] == months[3]
    assert abs(Decimal(since["amount"]) - sum(Decimal(each["amount"]) for each in monthly)) <= 2 * _CENT
