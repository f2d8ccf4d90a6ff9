# ruff: noqa: E501 (rows of made-up files stand on one line)
import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.parquet
import pytest
import xlsxwriter

from .conftest import HEADER, Reader, invoices

ROWS = [("L1", "I1", "C1", "2011-11-30", "USD", "3", "1.1"), ("L2", "I2", "C2", "2011-12-01", "USD", "2", "0.7")]
CSV = HEADER + "".join(",".join(row) + "\n" for row in ROWS)
NAMES = HEADER.strip().split(",")


def as_xlsx(path: Path) -> None:
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("cover").write(0, 0, "nothing here")
    sheet = book.add_worksheet("lines")
    sheet.write_row(0, 0, NAMES)
    day_format = book.add_format({"num_format": "yyyy-mm-dd"})
    for index, (line, invoice, customer, day, currency, quantity, price) in enumerate(ROWS, start=1):
        sheet.write_row(index, 0, [line, invoice, customer])
        sheet.write_datetime(index, 3, datetime.fromisoformat(day), day_format)
        sheet.write_row(index, 4, [currency, int(quantity), float(price)])
    book.close()


def as_parquet(path: Path) -> None:
    columns = list(zip(*ROWS, strict=True))
    arrays = [pyarrow.array(column) for column in columns[:3]]
    arrays.append(pyarrow.array([date.fromisoformat(day) for day in columns[3]]))
    arrays += [
        pyarrow.array(columns[4]),
        pyarrow.array([int(n) for n in columns[5]]),
        pyarrow.array([float(n) for n in columns[6]]),
    ]
    pyarrow.parquet.write_table(pyarrow.table(arrays, names=NAMES), path)


def write(reader: Reader, kind: str) -> str:
    name = f"raw/lines.{kind}"
    path = reader.write(name, "")
    if kind == "csv":
        path.write_text(CSV)
    elif kind == "semicolon.csv":
        path.write_text("\ufeff" + CSV.replace(",", ";").replace("\n", "\r\n"))
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(CSV.encode()))
    elif kind == "jsonl":
        lines = [
            f'{{"price": {price}, "line": "{line}", "invoice": "{invoice}", "customer": "{customer}", "day": "{day}", '
            f'"currency": "{currency}", "quantity": {quantity}}}'
            for line, invoice, customer, day, currency, quantity, price in ROWS
        ]
        path.write_text("\n".join(lines))
    elif kind == "xlsx":
        as_xlsx(path)
    else:
        as_parquet(path)
    return name


@pytest.mark.parametrize("kind", ["csv", "semicolon.csv", "csv.gz", "jsonl", "xlsx", "parquet"])
def test_every_format_gives_the_same_exact_rows(reader: Reader, kind: str):
    name = write(reader, kind)
    reader.run(invoices((name,), sheet="lines" if kind == "xlsx" else None))
    assert reader.rows(
        "invoice_line", "invoice_line_id, account_id, CAST(issued_on AS VARCHAR), quantity, amount, source_row"
    ) == [
        ("L1", "C1", "2011-11-30", Decimal(3), Decimal("3.30"), 1),
        ("L2", "C2", "2011-12-01", Decimal(2), Decimal("1.40"), 2),
    ]
    assert reader.counts() == (2, 2, 0, 0)


def test_a_broken_json_line_is_a_malformed_row_and_numbers_keep_every_digit(reader: Reader):
    lines = [
        '{"line": "L1", "price": 12345678901.01, "quantity": 1}',
        '{"line": ',
        "[1]",
        '{"line": "L2", "price": 0.1, "quantity": 3}',
    ]
    reader.write("raw/a.jsonl", "\n".join(lines))
    columns = invoices().columns | {"invoice_id": "line", "account_id": "line", "issued_on": "'2011-01-01'", "currency": "'USD'"}
    reader.run(invoices(("raw/a.jsonl",), columns=columns))
    assert reader.problems() == [("MALFORMED_ROW", 2), ("MALFORMED_ROW", 3)]
    assert reader.rows("invoice_line", "amount, source_row") == [(Decimal("0.3000"), 4), (Decimal("12345678901.0100"), 1)]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(reader: Reader):
    good = "".join(f"L{n},I,C,2011-11-30,USD,1,1\n" for n in range(50))
    reader.write("raw/a.csv", HEADER + 'X,"I,C,2011-11-30,USD,1,1\n' + good)
    reader.run(invoices())
    assert reader.problems() == [("MALFORMED_ROW", 1)]
    assert reader.counts() == (51, 50, 0, 1)


def test_line_breaks_and_separators_inside_quotes_belong_to_the_value(reader: Reader):
    reader.write("raw/a.csv", HEADER + '"L\n1",I,"C, Ltd ""X""",2011-11-30,USD,1,1\nL2,I,C,2011-11-30,USD,1\n')
    reader.run(invoices())
    assert reader.rows("invoice_line", "invoice_line_id, account_id") == [("L\n1", 'C, Ltd "X"')]
    assert reader.problems() == [("MALFORMED_ROW", 2)]


def test_a_file_that_is_not_utf_8_is_read_as_latin_1(reader: Reader):
    reader.write("raw/a.csv", (HEADER + "L1,I,Café,2011-11-30,USD,1,1\n").encode("latin-1"))
    reader.run(invoices())
    assert reader.rows("invoice_line", "account_id") == [("Café",)]


def test_a_date_format_is_read_as_declared(reader: Reader):
    reader.write("raw/a.csv", HEADER + "L1,I,C,03/04/2011,USD,1,1\nL2,I,C,2011-04-03,USD,1,1\n")
    reader.run(invoices(types={"day": "date:%d/%m/%Y"}))
    assert reader.rows("invoice_line", "CAST(issued_on AS VARCHAR)") == [("2011-04-03",)]
    assert reader.problems() == [("NOT_A_DATE", 2)]


def test_identifiers_keep_leading_zeros_and_numbers_lose_padding(reader: Reader):
    reader.write("raw/a.csv", HEADER + "007,00,0012,2011-11-30,USD,1,1\n")
    duckdb.sql("SELECT 'L' AS line, 17850.0 :: DOUBLE AS customer, 1.50 :: DECIMAL(9,2) AS invoice, DATE '2011-11-30' AS day, "
               "'USD' AS currency, 1 AS quantity, 0.1 :: DOUBLE + 0.2 :: DOUBLE AS price").write_parquet(str(reader.folder / "raw/b.parquet"))  # fmt: skip
    reader.run(invoices(("raw/*",)))
    assert reader.rows("invoice_line", "invoice_line_id, invoice_id, account_id, amount") == [
        ("007", "00", "0012", Decimal("1.0000")),
        ("L", "1.5", "17850", Decimal("0.3000")),
    ]
