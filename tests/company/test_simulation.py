import hashlib
import json
from pathlib import Path

import pytest

from growthring.company.simulation import write_company
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.tables import CANONICAL

from .conftest import rows_of


def _bytes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_writes_the_same_bytes(company, tmp_path):
    folder, truth = company
    assert write_company(tmp_path) == truth
    assert _bytes(tmp_path) == _bytes(folder)


def test_another_seed_writes_another_company(company, tmp_path):
    folder, _ = company
    write_company(tmp_path, seed=8)
    assert _bytes(tmp_path)["raw/contract_lines.csv"] != _bytes(folder)["raw/contract_lines.csv"]


def test_the_chunk_size_changes_nothing(company, tmp_path):
    folder, _ = company
    write_company(tmp_path, chunk=7)
    assert _bytes(tmp_path) == _bytes(folder)


def test_a_second_shorter_run_leaves_no_file_of_the_first_behind(tmp_path):
    write_company(tmp_path, accounts=10, months=6)
    write_company(tmp_path, accounts=10, months=3)
    assert len(list((tmp_path / "raw/usage").iterdir())) == 3
    assert len(list((tmp_path / "raw/invoices").iterdir())) == 4  # the last month's usage is invoiced in the month after it


@pytest.mark.parametrize("months", [1, 2, 3, 8, 13, 60])
@pytest.mark.parametrize("first_month", ["2022-01", "2023-12", "2024-02"])
def test_any_window_can_be_written(tmp_path, months, first_month):
    truth = write_company(tmp_path, accounts=160, months=months, first_month=Month.parse(first_month))
    assert truth.data_through == (Month.parse(first_month) + (months - 1)).last_day
    assert len(truth.mrr) == months * 4


@pytest.mark.parametrize("wrong", [{"accounts": 0}, {"months": 0}, {"chunk": 0}])
def test_a_company_without_size_is_refused_with_a_remedy(tmp_path, wrong):
    with pytest.raises(GrowthringError, match="--accounts"):
        write_company(tmp_path, **wrong)


def test_progress_reaches_the_number_of_accounts(tmp_path):
    told = []
    write_company(
        tmp_path, accounts=25, months=3, chunk=10, progress=lambda stage, done, total: told.append((stage, done, total))
    )
    assert told == [("accounts", 10, 25), ("accounts", 20, 25), ("accounts", 25, 25)]


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("accounts.csv", "account"),
        ("products.csv", "product"),
        ("contracts.csv", "contract"),
        ("contract_lines.csv", "contract_line"),
        ("invoices/invoice_lines_2022-01.csv", "invoice_line"),
        ("usage/usage_2022-01.csv", "usage"),
        ("commitments.csv", "commitment"),
        ("fx_rates.csv", "fx_rate"),
    ],
)
def test_raw_files_carry_every_required_canonical_column_by_name(company, file, table):
    folder, _ = company
    header = (folder / "raw" / file).read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    required = {column.name for column in CANONICAL[table].columns if column.required} - {"source_file", "source_row"}
    assert required <= set(header)
    assert set(CANONICAL[table].key) <= set(header)


def test_keys_of_small_tables_are_unique(company):
    folder, _ = company
    for file, table in (("accounts.csv", "account"), ("contracts.csv", "contract"), ("contract_lines.csv", "contract_line")):
        keys = [tuple(row[name] for name in CANONICAL[table].key) for row in rows_of(folder / "raw" / file)]
        assert len(keys) == len(set(keys)) > 0


def test_every_reference_leads_somewhere(company):
    folder, _ = company
    raw = folder / "raw"
    accounts = {row["account_id"] for row in rows_of(raw / "accounts.csv")}
    products = {row["product_id"] for row in rows_of(raw / "products.csv")}
    contracts = {row["contract_id"]: row for row in rows_of(raw / "contracts.csv")}
    for row in contracts.values():
        assert row["account_id"] in accounts
        assert not row["renews_contract_id"] or row["renews_contract_id"] in contracts
    for row in rows_of(raw / "contract_lines.csv"):
        assert contracts[row["contract_id"]]["account_id"] == row["account_id"]
        assert row["product_id"] in products
    for row in rows_of(raw / "accounts.csv"):
        assert {row["parent_account_id"], row["merged_into_account_id"]} - {""} <= accounts


def test_the_truth_file_says_what_the_call_returned(company):
    folder, truth = company
    written = json.loads((folder / "truth/truth.json").read_text(encoding="utf-8"))
    assert written["data_through"] == truth.data_through.isoformat()
    assert [(item["month"], item["currency"], item["mrr"]) for item in written["mrr"]] == [
        (item.month, item.currency, str(item.mrr)) for item in truth.mrr
    ]
    assert written["defects"] == truth.defects
    assert written["cells"][0]["segment"] == truth.cells[0].segment


def test_the_truth_lies_outside_the_raw_folder(company):
    folder, _ = company
    assert not [path for path in (folder / "raw").rglob("*") if "truth" in path.name]
