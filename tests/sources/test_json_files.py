"""Files of JSON objects: places inside objects, exact digits, odd lines."""

import gzip
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.engine.duckdb_session import connect
from growthring.sources.config import SourceConfig
from growthring.sources.macros import install_macros

from .conftest import Reader


def prices(files: str, **columns: str) -> SourceConfig:
    given = {
        "invoice_line_id": "id", "invoice_id": "id", "account_id": "id", "issued_on": "'2011-01-01'", "kind": "'usage'",
        "currency": "'CLF'", "amount": "data.price", **columns,
    }  # fmt: skip
    return SourceConfig(name="s", table="invoice_line", files=(files,), columns=given)


def test_a_place_inside_an_object_is_named_with_dots_and_is_empty_where_a_row_lacks_it(reader: Reader):
    lines = [
        '{"id": "L1", "data": {"price": 1.5, "deep": {"er": {"still": {"more": {"x": "five"}}}}}}',
        '{"id": "L2", "data": {"price": "2.5"}}',
        '{"id": "L3", "data": null}',
        '{"id": "L4"}',
        '{"id": "L5", "data": "text"}',
    ]
    reader.write("a.jsonl", "\n".join(lines))
    reader.run(prices("a.jsonl", product_id="data.deep.er.still.more.x"))
    assert reader.rows("invoice_line", "invoice_line_id, amount, product_id") == [
        ("L1", Decimal("1.5"), "five"),
        ("L2", Decimal("2.5"), "(none)"),
    ]
    assert reader.problems() == [("MISSING_AMOUNT", 3), ("MISSING_AMOUNT", 4), ("MISSING_AMOUNT", 5)]


def test_numbers_of_json_never_pass_through_a_float(reader: Reader):
    lines = [
        '{"id": "L1", "data": {"price": 12345678901234.5678, "sum": [0.1, 0.2]}}',
        '{"id": "L2", "data": {"price": 0.1, "text": "not: 12, here \\"3, 4\\\\"}}',
        '{"id": 12345678901234567890123.10, "data": {"price": 1e2}}',
    ]
    reader.write("a.jsonl", "\n".join(lines))
    reader.run(prices("a.jsonl", product_id="data.text", contract_id="data.sum"))
    assert reader.rows("invoice_line", "invoice_line_id, amount, product_id, contract_id") == [
        ("12345678901234567890123.10", Decimal(100), "(none)", None),
        ("L1", Decimal("12345678901234.5678"), "(none)", '["0.1","0.2"]'),
        ("L2", Decimal("0.1"), 'not: 12, here "3, 4\\', None),
    ]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", '"NaN"', '"inf"', "true", "[1]", '"1,000"', '""', '"0x10"'])
def test_what_is_no_number_is_never_counted(reader: Reader, value: str):
    reader.write("a.jsonl", '{"id": "L1", "data": {"price": ' + value + '}}\n{"id": "L2", "data": {"price": 1}}')
    reader.run(prices("a.jsonl"))
    assert reader.problems() == [("MISSING_AMOUNT" if value == '""' else "NOT_A_NUMBER", 1)]
    assert reader.counts() == (2, 1, 0, 1)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.jsonl", "a.ndjson.gz"])
def test_lines_an_array_and_gzip_give_the_same_rows(reader: Reader, name: str):
    rows = [{"id": f"L{n}", "data": {"price": f"{n}.25", "deep": {"x": "é"}}} for n in range(3)]
    lines = "\n".join(json.dumps(row) for row in rows)
    for text in (lines, "\ufeff" + lines.replace("\n", "\r\n\r\n")) + (
        (json.dumps(rows), json.dumps(rows, indent=1)) if ".json." in name + "." else ()
    ):
        reader.write(name, gzip.compress(text.encode()) if name.endswith(".gz") else text)
        reader.run(prices(name, product_id="data.deep.x"))
        assert [row[0] for row in reader.rows("invoice_line", "invoice_line_id")] == ["L0", "L1", "L2"]
        assert reader.rows("invoice_line", "DISTINCT product_id") == [("é",)]


def test_odd_lines_are_malformed_rows_and_the_others_stay(reader: Reader):
    odd = [b'{"id": ', b"[1]", b"5", b'{"id": "\x01"}', b'{"a": "\\ud800"}', b"NaN"]
    reader.write("a.jsonl", b"\n".join([b'{"id": "L1", "data": {"price": 1}}', *odd]))
    reader.run(prices("a.jsonl"))
    assert [row for row in reader.problems() if row[0] != "MALFORMED_ROW"] == []
    assert reader.counts() == (7, 1, 0, 6)


def test_an_hour_without_events_is_no_problem(reader: Reader):
    reader.write("a.jsonl", '{"id": "L1", "data": {"price": 1}}')
    reader.write("b.jsonl", "")
    reader.write("c.jsonl", "\n\n")
    reader.write("d.json", "[]")
    reader.write("e.jsonl.gz", gzip.compress(b""))
    reader.run(prices("*.json*"))
    assert reader.problems() == []
    assert reader.counts() == (1, 1, 0, 0)


def test_json_in_latin_1_is_read(reader: Reader):
    reader.write("a.jsonl", '{"id": "Café", "data": {"price": 1.10}}'.encode("latin-1"))
    reader.run(prices("a.jsonl"))
    assert reader.rows("invoice_line", "invoice_line_id, amount") == [("Café", Decimal("1.1"))]


def test_a_document_that_breaks_off_is_one_problem(reader: Reader):
    reader.write("a.json", '[{"id": "L1"}, ')
    reader.run(prices("a.json"))
    assert reader.problems("code") == [("UNREADABLE_FILE",)]


def test_places_are_read_in_csv_columns_of_json_text_and_in_parquet_structures(reader: Reader):
    import duckdb

    reader.write("a.csv", 'id,data\nL1,"{""price"": 12345678901234.5678}"\nL2,nothing\n')
    duckdb.sql(
        "COPY (SELECT 'L3' AS id, {'price': 12345678901234.5678 :: DECIMAL(18,4), 'region': 'eu'} AS data) "
        f"TO '{reader.folder}/b.parquet'"
    )
    duckdb.sql(f"COPY (SELECT 'L4' AS id, MAP {{'price': '1.5'}} AS data) TO '{reader.folder}/c.parquet'")
    duckdb.sql(f"""COPY (SELECT 'L5' AS id, '{{"price": 0.1}}' AS data) TO '{reader.folder}/d.parquet'""")
    reader.run(prices("*.*"))
    assert reader.rows("invoice_line", "invoice_line_id, amount") == [
        ("L1", Decimal("12345678901234.5678")),
        ("L3", Decimal("12345678901234.5678")),
        ("L4", Decimal("1.5")),
        ("L5", Decimal("0.1")),
    ]
    assert reader.problems() == [("MISSING_AMOUNT", 2)]


_SCALARS = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: f"{number:E}" if number else "0.0"),
    st.decimals(-(10**20), 10**20, places=7).map(lambda number: f"{number:f}"),
)


@given(st.lists(_SCALARS, min_size=1, max_size=5), st.text(max_size=12))
def test_every_number_comes_out_as_it_was_written_and_texts_stay(numbers: list[str], text: str):
    connection = connect()
    install_macros(connection)
    members = ", ".join(f'"k{index}": {number}' for index, number in enumerate(numbers))
    document = f'{{"first": {json.dumps(text)}, "inner": {{{members}, "last": {json.dumps(text, ensure_ascii=False)}}}}}'
    pointers = [f"/inner/k{index}" for index in range(len(numbers))] + ["/first", "/inner/last"]
    row = connection.execute(f"SELECT json_extract_string(_json($1), {pointers})", [document]).fetchone()
    assert row is not None
    assert row[0] == [*numbers, text, text]
