import json
import os
from decimal import Decimal

import pytest

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.sources.config import SourceConfig

from .conftest import HEADER, Reader, invoices


def test_every_canonical_column_is_filled_from_the_file_a_default_or_the_row_itself(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I1, C1 ,2011-11-30,USD,3,1.10\n")
    snapshot = reader.run(invoices())
    assert reader.rows(
        "invoice_line", "account_id, product_id, amount, list_amount, CAST(known_at AS VARCHAR), source_file, source_row"
    ) == [("C1", "(none)", Decimal("3.3000"), Decimal("3.3000"), "2011-11-30 00:00:00", "raw/a.csv", 1)]
    assert snapshot.data_through == "2011-11-30"
    assert [(part.table, part.month, part.rows) for part in snapshot.partitions] == [("invoice_line", "2011-11", 1)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("L1,I1,,2011-11-30,USD,3,1.10", "MISSING_ACCOUNT_ID"),
        (",I1,C1,2011-11-30,USD,3,1.10", "MISSING_INVOICE_LINE_ID"),
        ("L1,I1,C1,,USD,3,1.10", "MISSING_ISSUED_ON"),
        ("L1,I1,C1,2011-13-30,USD,3,1.10", "NOT_A_DATE"),
        ("L1,I1,C1,infinity,USD,3,1.10", "NOT_A_DATE"),
        ("L1,I1,C1,2011-11-30,XXY,3,1.10", "UNKNOWN_CURRENCY"),
        ("L1,I1,C1,2011-11-30,USD,three,1.10", "NOT_A_NUMBER"),
        ("L1,I1,C1,2011-11-30,USD,3,NaN", "NOT_A_NUMBER"),
        ("L1,I1,C1,2011-11-30,USD,3,Infinity", "NOT_A_NUMBER"),
        ('L1,I1,C1,2011-11-30,USD,3,"1,100.00"', "NOT_A_NUMBER"),
        ("L1,I1,C1,2011-11-30,USD,3,", "MISSING_AMOUNT"),
        ("L1,I1,C1,2011-11-30,USD,1000000,99999999999", "AMOUNT_OUT_OF_RANGE"),
        ("L1,I1,C1,2011-11-30,USD,99999999999999999,99999999999999999", "AMOUNT_OUT_OF_RANGE"),
        ("L1,I1,C1,2011-11-30,USD,1e40,1", "AMOUNT_OUT_OF_RANGE"),
        ("L1,I1,C1,2011-11-30,USD,3", "MALFORMED_ROW"),
        ("L1,I1,C1,2011-11-30,USD,3,1,1", "MALFORMED_ROW"),
    ],
)
def test_a_bad_row_becomes_one_problem_row_with_its_code_and_the_good_ones_stay(reader: Reader, line: str, code: str):
    reader.write("raw/a.csv", HEADER + f"L0,I0,C0,2011-11-30,USD,1,1\n{line}\nL9,I9,C9,2011-11-30,USD,1,1\n")
    reader.run(invoices())
    assert reader.problems("code, severity, file, row_number") == [(code, "rejected", "raw/a.csv", 2)]
    assert reader.counts() == (3, 2, 0, 1)
    assert reader.rows("invoice_line", "invoice_line_id, source_row") == [("L0", 1), ("L9", 3)]


def test_a_row_without_an_account_names_the_money_at_stake_and_shows_the_row(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I1,,2011-11-30,GBP,3,1.10\n")
    reader.run(invoices())
    [(amount, currency, key, payload)] = reader.problems("amount, currency, row_key, payload")
    assert (amount, currency, key, json.loads(payload)["price"]) == (Decimal("3.3000"), "GBP", "L1", "1.10")


def test_a_value_outside_the_closed_set_is_a_problem_that_lists_the_valid_ones(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I1,C1,2011-11-30,GBP,3,1.10\n")
    columns = invoices().columns | {"kind": "'monthly'"}
    reader.run(invoices(columns=columns))
    [(code, message, remedy)] = reader.problems("code, message, remedy")
    assert code == "UNKNOWN_VALUE" and "monthly" in message and "recurring, usage" in remedy


def test_a_failed_check_of_the_table_is_a_problem_under_its_own_code(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I1,C1,2011-11-30,GBP,3,1.10\n")
    columns = invoices().columns | {"period_start": "'2011-11-30'", "period_end": "'2011-11-30'"}
    reader.run(invoices(columns=columns))
    assert reader.problems("code") == [("PERIOD_ENDS_BEFORE_START",)]


def test_amounts_are_rounded_once_half_away_from_zero_to_the_currencys_minor_unit(reader: Reader):
    lines = [
        "L1,I,C,2011-11-30,USD,1,0.125",
        "L2,I,C,2011-11-30,USD,-1,0.125",
        "L3,I,C,2011-11-30,JPY,1,2.5",
        "L4,I,C,2011-11-30,KWD,1,0.0005",
    ]
    reader.write("raw/a.csv", HEADER + "\n".join(lines))
    reader.run(invoices())
    assert [str(amount) for _, amount in reader.rows("invoice_line", "invoice_line_id, amount")] == [
        "0.1300",
        "-0.1300",
        "3.0000",
        "0.0010",
    ]


def test_rounding_never_makes_discounts_fail_to_add_up(reader: Reader):
    reader.write("raw/a.csv", "line,list,off,net\nL1,10.004,0.005,9.999\nL2,10,1,8\n")
    columns = invoices().columns | {
        "invoice_line_id": "line", "invoice_id": "line", "account_id": "line", "issued_on": "'2011-01-01'", "currency": "'USD'",
        "quantity": "1", "amount": "net", "list_amount": "list", "recurring_discount_amount": "off",
    }  # fmt: skip
    reader.run(invoices(columns=columns))
    assert reader.rows("invoice_line", "amount, list_amount") == [(Decimal("10.0000"), Decimal("10.0100"))]
    assert reader.problems() == [("DISCOUNTS_DO_NOT_ADD_UP", 2)]


def test_small_letter_currencies_are_corrected_with_one_row_for_a_file_that_always_writes_them(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,usd,1,1\nL2,I,C,2011-11-30,usd,1,1\n")
    reader.write("raw/b.csv", HEADER + "L3,I,C,2011-11-30,usd,1,1\nL4,I,C,2011-11-30,USD,1,1\n")
    reader.run(invoices())
    assert reader.counts() == (4, 1, 3, 0)
    assert reader.problems("code, file, row_number") == [("CURRENCY_CASE", "raw/a.csv", None), ("CURRENCY_CASE", "raw/b.csv", 1)]


def test_equal_rows_under_one_key_collapse_and_contradicting_ones_are_all_rejected(reader: Reader):
    same = "L1,I,C,2011-11-30,USD,1,1\n"
    reader.write("raw/a.csv", HEADER + same + "L2,I,C,2011-11-30,USD,1,1\n")
    reader.write("raw/b.csv", HEADER + same + "L2,I,C,2011-11-30,USD,1,2\n")
    reader.run(invoices())
    assert reader.rows("invoice_line", "invoice_line_id, source_file") == [("L1", "raw/a.csv")]
    assert reader.counts() == (4, 1, 1, 2)
    assert reader.problems("code, file, severity") == [
        ("DUPLICATE_COLLAPSED", "raw/b.csv", "corrected"),
        ("DUPLICATE_KEY_CONFLICT", "raw/a.csv", "rejected"),
        ("DUPLICATE_KEY_CONFLICT", "raw/b.csv", "rejected"),
    ]


def test_one_key_in_two_months_is_a_conflict_in_both(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,USD,1,1\nL2,I,C,2011-11-30,USD,1,1\n")
    reader.write("raw/b.csv", HEADER + "L1,I,C,2011-12-01,USD,1,1\n")
    reader.run(invoices())
    assert reader.rows("invoice_line", "invoice_line_id") == [("L2",)]
    assert reader.problems("code, file") == [("DUPLICATE_KEY_CONFLICT", "raw/a.csv"), ("DUPLICATE_KEY_CONFLICT", "raw/b.csv")]


def test_the_same_line_on_two_sheets_is_one_line_and_twice_on_one_sheet_is_two(reader: Reader):
    lines = ["x,I1,5", "x,I1,5", "y,I1,5", "y,I2,7"]
    reader.write("raw/a.csv", "sheet,invoice,price\n" + "\n".join(lines))
    columns = invoices().columns | {
        "invoice_line_id": "invoice || '-' || price || '-' || _occurrence", "account_id": "'C'", "issued_on": "'2011-01-01'",
        "currency": "'USD'", "quantity": "1", "amount": "price",
    }  # fmt: skip
    reader.run(invoices(columns=columns, occurrence_within=("sheet",)))
    assert reader.rows("invoice_line", "invoice_line_id") == [("I1-5-1",), ("I1-5-2",), ("I2-7-1",)]
    assert reader.counts() == (4, 3, 1, 0)


def test_excluded_rows_are_rejected_under_the_code_and_reason_of_their_rule(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,USD,1,0\nL2,I,C,2011-11-30,USD,1,2\n")
    reader.run(invoices(exclude=({"when": "price = 0", "code": "FREE", "because": "samples"},)))
    assert reader.problems("code, message, row_number") == [("FREE", "Left out: samples.", 1)]
    assert reader.counts() == (2, 1, 0, 1)


def test_reading_the_same_files_again_changes_nothing(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,USD,1,1\nL2,I,,2011-11-30,USD,1,1\n")
    first = reader.run(invoices())
    assert reader.run(invoices()) == first
    assert reader.store.built == 0


def test_touching_one_months_file_rebuilds_that_file_and_that_month_and_gives_the_bytes_of_a_full_run(reader: Reader):
    for month in range(1, 7):
        reader.write(f"raw/{month}.csv", HEADER + f"L{month},I,C,2011-0{month}-15,USD,1,1\n")
    before = reader.run(invoices())
    reader.write("raw/3.csv", HEADER + "L3,I,C,2011-03-15,USD,1,9\n")
    after = reader.run(invoices())
    changed = set(after.partitions) - set(before.partitions)
    assert {part.month for part in changed} == {"2011-03"}
    assert reader.store.built == 3  # the file, the month, the look for keys that stand in two months
    incremental = reader.bytes_of("invoice_line")
    reader.run(invoices(), fresh=True)
    assert reader.bytes_of("invoice_line") == incremental


def test_a_file_that_changes_within_the_clocks_grain_and_keeps_its_size_is_read_again(reader: Reader):
    path = reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,USD,1,1\n")
    reader.run(invoices())
    stat = path.stat()
    reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,USD,1,2\n")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    reader.run(invoices())
    assert reader.rows("invoice_line", "amount") == [(Decimal(2),)]


def test_files_that_cannot_be_read_become_one_problem_each_and_the_others_go_on(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,USD,1,1\n")
    reader.write("raw/b.csv", "")
    reader.write("raw/c.csv", "line,invoice\nL2,I\n")
    reader.write("raw/d.parquet", b"PAR1 nonsense")
    reader.write("raw/e.xlsx", b"nonsense")
    source = invoices(("raw/*", "raw/absent.csv", "nowhere/*.csv"))
    reader.run(source)
    assert reader.problems("code, file") == [
        ("COLUMN_NOT_IN_FILE", "raw/c.csv"),
        ("NO_FILES", "nowhere/*.csv"),
        ("UNREADABLE_FILE", "raw/absent.csv"),
        ("UNREADABLE_FILE", "raw/b.csv"),
        ("UNREADABLE_FILE", "raw/d.parquet"),
        ("UNREADABLE_FILE", "raw/e.xlsx"),
    ]
    assert reader.counts() == (1, 1, 0, 0)


def test_a_mapping_that_fits_no_file_is_an_error_that_names_the_column(reader: Reader):
    reader.write("raw/a.csv", "line,invoice\nL2,I\n")
    with pytest.raises(ConfigurationError, match="customer"):
        reader.run(invoices())


def test_columns_with_canonical_names_need_no_mapping(reader: Reader):
    reader.write("raw/usage.csv", "usage_id,account_id,meter,used_at,quantity\nU1,C1,calls,2025-01-01T23:30:00-05:00,5\n")
    reader.run(SourceConfig(name="usage", table="usage", files=("raw/usage.csv",)))
    assert reader.rows("usage", "usage_id, product_id, CAST(used_at AS VARCHAR)") == [("U1", "calls", "2025-01-02 04:30:00")]


def test_account_versions_and_attributes_keep_only_changes_when_read_from_invoice_lines(reader: Reader):
    lines = ["C1,2011-01-01,UK", "C1,2011-02-01,UK", "C1,2011-03-01,FR", "C1,2011-04-01,UK", ",2011-04-01,UK", "C2,2011-04-01,"]
    reader.write("raw/a.csv", "customer,day,country\n" + "\n".join(lines))
    source = SourceConfig(
        name="accounts", table="account", files=("raw/a.csv",), columns={"account_id": "customer", "valid_from": "day"},
        attributes={"country": "country"}, history=True,
    )  # fmt: skip
    reader.run(source)
    assert reader.rows("account", "account_id, CAST(valid_from AS VARCHAR)") == [("C1", "2011-01-01"), ("C2", "2011-04-01")]
    assert reader.rows("account_attribute", "account_id, attribute, CAST(valid_from AS VARCHAR), value") == [
        ("C1", "country", "2011-01-01", "UK"),
        ("C1", "country", "2011-03-01", "FR"),
        ("C1", "country", "2011-04-01", "UK"),
    ]
    assert reader.counts() == (6, 5, 0, 1)


def test_two_values_of_one_attribute_on_one_day_are_a_warning_and_the_first_in_the_alphabet_is_used(reader: Reader):
    reader.write("raw/a.csv", "customer,day,country\nC1,2011-01-01,UK\nC1,2011-01-01,FR\n")
    source = SourceConfig(
        name="accounts", table="account", files=("raw/a.csv",), columns={"account_id": "customer", "valid_from": "day"},
        attributes={"country": "country"}, history=True,
    )  # fmt: skip
    reader.run(source)
    assert reader.rows("account_attribute", "value") == [("FR",)]
    assert reader.problems("code, severity") == [("CONTRADICTS_ITSELF", "warning")]


def test_an_account_without_a_beginning_is_valid_always(reader: Reader):
    reader.write("raw/a.csv", "account_id,name,segment\nC1,One,big\n")
    source = SourceConfig(name="accounts", table="account", files=("raw/a.csv",), attributes={"segment": "segment"})
    reader.run(source)
    assert reader.rows("account", "CAST(valid_from AS VARCHAR), CAST(known_at AS VARCHAR)") == [
        ("0001-01-01", "1970-01-01 00:00:00")
    ]
    assert reader.rows("account_attribute", "attribute, value") == [("segment", "big")]


def test_names_that_nobody_described_are_warnings_with_a_count(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C1,2011-11-30,USD,1,1\nL2,I,C9,2011-11-30,USD,1,1\nL3,I,C9,2011-12-30,USD,1,1\n")
    reader.write("accounts.csv", "account_id\nC1\n")
    reader.run(invoices(), SourceConfig(name="accounts", table="account", files=("accounts.csv",)))
    [(code, severity, source, key, message)] = reader.problems("code, severity, source, row_key, message")
    assert (code, severity, source, key) == ("UNKNOWN_ACCOUNT", "warning", "invoices", "C9") and "2" in message
    assert reader.counts() == (4, 4, 0, 0)


def test_sources_that_cannot_be_meant_are_refused_with_what_is_valid(reader: Reader):
    reader.write("raw/a.csv", HEADER)
    with pytest.raises(ConfigurationError, match="Two sources"):
        reader.run(invoices(), invoices())
    with pytest.raises(UnknownValueError, match="preset"):
        reader.run(invoices(preset="nonesuch"))
    with pytest.raises(UnknownValueError, match="invoice_line"):
        invoices(table="invoices")
    with pytest.raises(ConfigurationError, match="number"):
        reader.run(invoices(columns=invoices().columns | {"quantity": "round(quantity, 2)"}, types={"quantity": "text"}))


def test_a_date_format_that_means_nothing_is_an_error_in_words(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,USD,1,1\n")
    with pytest.raises(ConfigurationError, match=r"invoice"):
        reader.run(invoices(types={"day": "date:%Q"}))


def test_a_project_folder_may_have_brackets_in_its_name(tmp_path):
    folder = tmp_path / "acme [2025]"
    reader = Reader(folder)
    reader.write("raw/a.csv", HEADER + "L1,I,C,2011-11-30,USD,1,1\n")
    reader.run(invoices())
    assert reader.counts() == (1, 1, 0, 0)


def test_dates_and_times_in_epoch_seconds_are_read_by_from_epoch(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C,1736071200,USD,1,1\nL2,I,C,later,USD,1,1\n")
    reader.run(invoices(columns=invoices().columns | {"issued_on": "from_epoch(day)"}))
    assert reader.rows("invoice_line", "CAST(issued_on AS VARCHAR)") == [("2025-01-05",)]
    assert reader.problems() == [("NOT_A_NUMBER", 2)]
