# ruff: noqa: E501 (rows of made-up files stand on one line)
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.sources.config import SourceConfig
from growthring.sources.proposal import propose

from .conftest import HEADER, Reader, real_data

CANONICAL_FILES = {
    "raw/accounts.csv": "account_id,name,valid_from,country,segment\nC1,One,,DE,big\n",
    "raw/products.csv": "product_id,name,family,quantity_kind\nP1,Seats,core,seat\n",
    "raw/contracts.csv": "contract_id,account_id,signed_on,starts_on,ends_on\nK1,C1,2024-01-01,2024-01-01,\n",
    "raw/contract_lines.csv": "contract_line_id,contract_id,account_id,product_id,kind,starts_on,amount,currency\nKL1,K1,C1,P1,recurring,2024-01-01,10,USD\n",
    "raw/invoices/invoice_lines_2024-01.csv": "invoice_line_id,invoice_id,account_id,product_id,contract_id,issued_on,kind,currency,amount\nL1,I1,C1,P1,K1,2024-01-01,recurring,USD,10\n",
    "raw/invoices/invoice_lines_2024-02.csv": "invoice_line_id,invoice_id,account_id,product_id,contract_id,issued_on,kind,currency,amount\nL2,I2,C1,P1,K1,2024-02-01,recurring,USD,10\n",
    "raw/usage/usage_2024-01.csv": "usage_id,account_id,product_id,meter,used_at,quantity\nU1,C1,P1,calls,2024-01-01 10:00:00,5\n",
    "raw/fx_rates.csv": "base_currency,quote_currency,rate_on,rate\nEUR,USD,2024-01-01,1.1\n",
}


def proposed(reader: Reader, *files: Path):
    proposal = propose(files, reader.folder)
    raw = tomllib.loads(proposal.toml)
    sources = [SourceConfig(**source) for source in raw["sources"]]
    assert tuple(sources) == proposal.sources
    for doubt in proposal.doubts:
        assert f"# unsure: {doubt}" in proposal.toml
    return proposal, raw, sources


def test_files_with_canonical_names_are_proposed_without_doubts_and_run(reader: Reader):
    for name, text in CANONICAL_FILES.items():
        reader.write(name, text)
    proposal, raw, sources = proposed(reader, reader.folder / "raw")
    assert proposal.doubts == []
    assert raw["project"]["policy"] == "standard"
    assert {source.table for source in sources} == {
        "account", "product", "contract", "contract_line", "invoice_line", "usage", "fx_rate",
    }  # fmt: skip
    assert [source.files for source in sources if source.table == "invoice_line"] == [("raw/invoices/*.csv",)]
    reader.run(*sources)
    assert reader.counts() == (8, 8, 0, 0)
    assert reader.problems() == []
    assert reader.rows("account_attribute", "attribute, value") == [("country", "DE"), ("segment", "big")]


def test_an_unknown_export_is_mapped_by_its_column_names_and_contents(reader: Reader):
    header = "Invoice Number;Customer;Invoice Date;SKU;Net Amount;Currency;Period Start;Period End\n"
    reader.write(
        "raw/export.csv",
        header + "I1;C1;31/01/2024;P1;10.50;eur;01/02/2024;01/03/2024\nI1;C1;31/01/2024;P2;1;eur;01/02/2024;01/03/2024\n",
    )
    proposal, _, [lines] = proposed(reader, reader.folder / "raw" / "export.csv")
    assert lines.columns["account_id"] == "Customer" and lines.columns["amount"] == '"Net Amount"'
    assert lines.types["Invoice Date"] == "date:%d/%m/%Y"
    assert any("no column that names a row" in doubt for doubt in proposal.doubts)
    reader.run(lines)
    assert reader.rows("invoice_line", "amount, CAST(issued_on AS VARCHAR), kind, currency", order="amount") == [
        (Decimal(1), "2024-01-31", "recurring", "EUR"),
        (Decimal("10.5"), "2024-01-31", "recurring", "EUR"),
    ]


def test_a_price_and_a_quantity_become_an_amount(reader: Reader):
    reader.write("raw/a.csv", HEADER.replace("line,", "") + "I,C,2011-11-30,USD,3,1.10\n")
    _, _, [lines] = proposed(reader, reader.folder / "raw/a.csv")
    assert lines.columns["amount"] == "quantity * price"
    reader.run(lines)
    assert reader.rows("invoice_line", "amount") == [(Decimal("3.30"),)]


def test_a_known_schema_is_proposed_as_its_preset(reader: Reader):
    from .test_presets import ENHANCED, LINES

    reader.write("raw/invoice_line_item.csv", LINES)
    reader.write("raw/stripe__line_item_enhanced.csv", ENHANCED)
    _, _, sources = proposed(reader, reader.folder / "raw")
    assert [source.preset for source in sources] == ["fivetran_stripe_invoice_line", "fivetran_stripe_line_item_enhanced"]
    reader.run(*sources)
    assert reader.counts()[0] == 8


def test_what_cannot_be_read_or_understood_is_a_doubt_and_no_source(reader: Reader):
    reader.write("raw/a.parquet", b"nonsense")
    reader.write("raw/b.csv", "weather,wind\nsun,2\n")
    proposal = propose([reader.folder / "raw", reader.folder / "nowhere.csv"], reader.folder)
    assert proposal.sources == () and len(proposal.doubts) == 3
    tomllib.loads(proposal.toml)


@pytest.mark.real
def test_the_proposal_for_online_retail_runs_as_it_is_and_accounts_for_every_row(reader: Reader):
    path = real_data("online_retail/online_retail_ii.parquet")
    proposal, raw, [lines, accounts] = proposed(reader, path)
    assert raw["project"]["currency"] == "GBP"
    assert lines.columns["kind"] == "'usage'" and lines.columns["amount"] == "Quantity * UnitPrice"
    assert lines.occurrence_within == ("sheet",)
    assert accounts.history and accounts.attributes == {"country": "Country"}
    assert any("GBP is a guess" in doubt for doubt in proposal.doubts)
    reader.run(lines, accounts)
    by_source = {file.source: file for file in reader.snapshot.files}
    found = by_source[lines.name]
    assert (found.read, found.rejected) == (1_067_370, 243_007)
    [(count, money)] = reader.problems("count(*) FILTER (code = 'MISSING_ACCOUNT_ID' AND amount IS NOT NULL), "
                                       "sum(amount) FILTER (code = 'MISSING_ACCOUNT_ID')")  # fmt: skip
    assert count == 243_007 and money == Decimal("2638958.1800")
    assert sum(part.rows for part in reader.snapshot.parts("invoice_line")) == found.accepted
    assert reader.snapshot.data_through == "2011-12-09"
    reader.run(lines, accounts)
    assert reader.store.built == 0
